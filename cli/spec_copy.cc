// The description of image copy.
#include "cli/spec_copy.h"
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec own_copy_options[] = {
    {.long_name = "multi-arch", .value = "WHICH", .default_text = "system",
     .help = "Of an image made for several platforms: system (one of them), all, or index-only (the list without its images)",
     .completes = Completes::words, .words = "system all index-only"},
    {.long_name = "platform", .value = "OS/ARCH[/VARIANT]", .default_text = "this machine's", .help = "Platform to choose"},
    {.long_name = "arch", .value = "ARCH", .help = "Architecture to choose, for example arm64"},
    {.long_name = "os", .value = "OS", .help = "Operating system to choose"},
    {.long_name = "variant", .value = "VARIANT", .help = "Variant of the architecture to choose, for example v7"},
    {.long_name = "dest-compress-format", .value = "FORMAT", .default_text = "as it is", .help = "Compression of every layer: gzip or zstd",
     .completes = Completes::words, .words = "gzip zstd"},
    {.long_name = "dest-compress-level", .value = "NUMBER", .default_text = "fast",
     .help = "How hard to compress: 1 to 9 for gzip, 1 to 22 for zstd"},
    {.long_name = "dest-compress", .help = "Compress layers that are not compressed with gzip, for a destination dir:"},
    {.long_name = "dest-decompress", .help = "Decompress the layers, for a destination dir:"},
    {.long_name = "dest-oci-accept-uncompressed-layers", .help = "Accepted: layers stay as they are unless a compression is asked for"},
    {.long_name = "additional-tag", .value = "NAME", .repeatable = true, .help = "Further name in a docker-archive:"},
    {.long_name = "digestfile", .value = "FILE", .help = "Write the digest of the manifest at the destination to a file", .completes = Completes::files},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress"},
};
constexpr auto copy_options = joined(look_options, own_copy_options, side_options, signature_policy_option);
constexpr ArgumentSpec copy_arguments[] = {
    {.name = "SOURCE", .help = "docker://NAME, oci:DIR[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME], dir:DIR; a plain name, or "
                               "containers-storage:NAME, is an image here", .completes = Completes::images},
    {.name = "DESTINATION", .help = "The same"},
};
constexpr ExampleSpec copy_examples[] = {
    {"ctl image copy docker://docker.io/library/nginx docker://registry.lan:5000/nginx", "From registry to registry; nothing is kept here."},
    {"ctl image copy --all docker://docker.io/library/nginx oci:/srv/layouts:nginx", "For all platforms, into an OCI layout."},
    {"ctl image copy docker-archive:app.tar docker://registry.lan:5000/app", "What `docker save` wrote, to a registry."},
    {"ctl image copy --dest-compress-format zstd oci:/srv/layouts:app docker://registry.lan:5000/app", "Compressed anew."},
};

} // namespace

constexpr CommandSpec image_copy_spec{
    .name = "image copy",
    .group = group_images,
    .brief = "Copy an image from one place to another",
    .description = "Copies an image between registries, directories, archives and the images here, as skopeo copy does. Unless one of the "
                   "two is here, nothing is stored here: layers are streamed. What the destination has already is not sent, and what is in "
                   "another repository of the same registry is taken from there. Digests stay as they are unless a format or a "
                   "compression is asked for.",
    .examples = copy_examples,
    .arguments = copy_arguments,
    .options = copy_options,
};

} // namespace cli
