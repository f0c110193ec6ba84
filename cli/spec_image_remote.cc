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

constexpr OptionSpec own_sign_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Sign each image of a list, and not the list"},
    {.long_name = "directory", .short_name = 'd', .value = "DIR", .default_text = "as registries.d says, else ~/.local/share/containers/sigstore",
     .help = "Directory to write signatures into", .completes = Completes::files},
    {.long_name = "sign-by", .value = "KEY", .help = "Secret key of your GnuPG: fingerprint, key id, or a user id that only one has"},
};
constexpr auto sign_options = joined(own_sign_options, authfile_option, cert_dir_option);
constexpr ArgumentSpec sign_arguments[] = {
    {.name = "IMAGE", .help = "docker://NAME, with a tag or a digest", .repeatable = true},
};
constexpr ExampleSpec sign_examples[] = {
    {"ctl image sign --sign-by me@example.org -d /srv/sigstore docker://quay.io/team/app:1", "A signature, for a web server to hand out."},
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

constexpr CommandSpec image_sign_spec{
    .name = "image sign",
    .group = group_images,
    .brief = "Sign images in registries",
    .description = "Signs the manifest that a name in a registry leads to with a key of GnuPG (containers-signature(5), \"simple signing\"), and "
                   "writes the signature to DIR/REPOSITORY@sha256=DIGEST/signature-1, or the next number that is free. Nothing is sent "
                   "to the registry: verifiers look where registries.d tells them to. ctl verifies no signatures yet.",
    .examples = sign_examples,
    .arguments = sign_arguments,
    .options = sign_options,
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
