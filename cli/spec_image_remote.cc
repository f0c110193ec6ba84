// The description of image delete and image referrers.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr auto delete_options = joined(authfile_option, creds_option, tls_option, cert_dir_option, retry_options);
constexpr ArgumentSpec delete_arguments[] = {
    {.name = "IMAGE", .help = "docker://NAME, with a tag or a digest", .repeatable = true},
};
constexpr ExampleSpec delete_examples[] = {
    {"ctl image delete docker://registry.lan:5000/team/app:old", "Takes an image out of a registry; its blobs go when the registry collects garbage."},
};

constexpr OptionSpec own_referrers_options[] = {
    {.long_name = "artifact-type", .value = "TYPE", .help = "Only those of this type"},
    {.long_name = "format", .value = "FORMAT", .help = format_help},
};
constexpr auto referrers_options = joined(own_referrers_options, authfile_option, creds_option, tls_option, cert_dir_option, retry_options);
constexpr ArgumentSpec referrers_arguments[] = {
    {.name = "IMAGE", .help = "Name in a registry, with docker:// before it or not"},
};
constexpr ExampleSpec referrers_examples[] = {
    {"ctl image referrers quay.io/team/app:1", "Signatures, bills of materials and what else belongs to an image."},
    {"ctl image referrers --artifact-type application/spdx+json --format json quay.io/team/app:1", "One kind of them, as the registry lists them."},
};

} // namespace

constexpr CommandSpec image_delete_spec{
    .name = "image delete",
    .group = group_images,
    .brief = "Delete an image from a registry",
    .description = "Deletes the manifest that a name in a registry leads to, as skopeo delete does, and prints its digest. A registry deletes by "
                   "digest: other tags of the same manifest go too. Of an image for several platforms only the list goes. Many registries "
                   "do not allow it. `ctl rmi` is for the images here.",
    .examples = delete_examples,
    .arguments = delete_arguments,
    .options = delete_options,
};

constexpr CommandSpec image_referrers_spec{
    .name = "image referrers",
    .group = group_images,
    .brief = "List what refers to an image in a registry",
    .description = "Lists the manifests whose subject an image is, such as signatures and attestations: what the registry's own interface says, or "
                   "where it has none, the index that clients keep under the tag sha256-DIGEST.",
    .examples = referrers_examples,
    .arguments = referrers_arguments,
    .options = referrers_options,
};

} // namespace cli
