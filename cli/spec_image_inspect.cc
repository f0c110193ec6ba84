// The description of image inspect.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec own_options[] = {
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "json", .help = format_help},
    {.long_name = "remote", .help = "Look at an image in a registry (or oci:, dir:, an archive) without fetching it"},
    {.long_name = "raw", .help = "With --remote: print the manifest, or the index, byte by byte"},
    {.long_name = "config", .help = "With --remote: print the image's configuration, byte by byte"},
    {.long_name = "no-tags", .short_name = 'n', .help = "With --remote: do not list the repository's tags"},
    {.long_name = "platform", .value = "OS/ARCH[/VARIANT]", .default_text = "this machine's", .help = "With --remote: platform to choose"},
    {.long_name = "arch", .value = "ARCH", .help = "With --remote: architecture to choose, for example arm64"},
    {.long_name = "os", .value = "OS", .help = "With --remote: operating system to choose"},
    {.long_name = "variant", .value = "VARIANT", .help = "With --remote: variant of the architecture to choose"},
};
constexpr auto options = joined(own_options, authfile_option, creds_option, tls_option, cert_dir_option, retry_options);
constexpr ArgumentSpec arguments[] = {
    {.name = "IMAGE", .help = "Image, by name or id; with --remote by name, docker://NAME, oci:DIR[:NAME], dir:DIR or an archive", .repeatable = true,
     .completes = Completes::images},
};
constexpr ExampleSpec examples[] = {
    {"ctl image inspect nginx", "An image that is here."},
    {"ctl image inspect --remote nginx", "What docker.io has under this name, without its layers."},
    {"ctl image inspect --remote --raw docker://quay.io/podman/stable", "The index as the registry sends it."},
    {"ctl image inspect --remote --format '{{.Digest}}' nginx:1.27", "Whether there is something new."},
};

} // namespace

constexpr CommandSpec image_inspect_spec{
    .name = "image inspect",
    .group = group_images,
    .brief = "Show everything known about images",
    .description = "Prints what is known about images here as JSON, or by a template. With --remote the image stays where it is, and manifest "
                   "and configuration alone are fetched. The document then is that of skopeo inspect: Name, Digest (of what the name "
                   "leads to), RepoTags, Created, Labels, Architecture, Os, Layers, LayersData, Env.",
    .examples = examples,
    .arguments = arguments,
    .options = options,
};

} // namespace cli
