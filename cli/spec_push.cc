// The description of push and save.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec own_push_options[] = {
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "the image's own",
     .help = "Format of the manifest: oci, or v2s2 (Docker's)", .completes = Completes::words, .words = "oci v2s2"},
    {.long_name = "compression-format", .value = "FORMAT", .default_text = "as it was pulled, gzip for images made here",
     .help = "Compression of every layer: gzip or zstd", .completes = Completes::words, .words = "gzip zstd"},
    {.long_name = "compression-level", .value = "NUMBER", .default_text = "fast",
     .help = "How hard to compress: 1 to 9 for gzip, 1 to 22 for zstd; layers are then compressed anew"},
    {.long_name = "force-compression", .help = "Compress every layer as --compression-format says (gzip without it), also where the\n"
                                               "registry has it in another form"},
    {.long_name = "compress", .help = "Compress the layers of an image made here with gzip, for a destination dir:"},
    {.long_name = "digestfile", .value = "FILE", .help = "Write the digest of the manifest to a file", .completes = Completes::files},
    {.long_name = "remove-signatures", .help = "Accepted: no signatures are kept with images here, so none are sent"},
    {.long_name = "disable-content-trust", .help = "Accepted for scripts written for Docker: there is no content trust to disable"},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress"},
};
constexpr auto push_options = joined(own_push_options, signing_options, authfile_option, creds_option, tls_option, cert_dir_option, retry_options);
constexpr ArgumentSpec push_arguments[] = {
    {.name = "IMAGE", .help = "Image, by name or id", .completes = Completes::images},
    {.name = "DESTINATION", .help = "Name in a registry, or oci:DIR[:NAME], dir:DIR, oci-archive:FILE[:NAME], docker-archive:FILE[:NAME]; "
                                    "the image's name where it is missing", .required = false},
};
constexpr ExampleSpec push_examples[] = {
    {"ctl push registry.example/team/app:1.2", "An image under its own name."},
    {"ctl push app registry.example/team/app:1.2", "A local image to a registry."},
    {"ctl push --compression-format zstd app registry.example/app", "Smaller, and quicker to unpack."},
    {"ctl push app oci:/srv/layouts:app", "Into an OCI layout on disk."},
    {"ctl push --digestfile digest app registry.example/app", "Remember exactly what was pushed."},
    {"ctl push --sign-by me@example.org app registry.example/app", "With a signature, written where registries.d says."},
};

constexpr OptionSpec save_options[] = {
    {.long_name = "output", .short_name = 'o', .value = "FILE", .default_text = "standard output",
     .help = "File to write, or directory for the formats oci-dir and docker-dir", .completes = Completes::files},
    {.long_name = "format", .value = "FORMAT", .default_text = "docker-archive", .help = "docker-archive, oci-archive, oci-dir or docker-dir",
     .completes = Completes::words, .words = "docker-archive oci-archive oci-dir docker-dir"},
    {.long_name = "multi-image-archive", .short_name = 'm', .help = "Every argument is an image; without it those after the first are further names for it"},
    {.long_name = "compress", .help = "Compress the layers with gzip, in the format docker-dir"},
    {.long_name = "uncompressed", .help = "Leave the layers uncompressed, in the formats oci-archive and oci-dir"},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress"},
};
constexpr ArgumentSpec save_arguments[] = {
    {.name = "IMAGE", .help = "Image, by name or id", .repeatable = true, .completes = Completes::images},
};
constexpr ExampleSpec save_examples[] = {
    {"ctl save -o app.tar app", "As `docker save`: for `ctl load`, `podman load`, `docker load`."},
    {"ctl save app | ssh host ctl load", "To another machine."},
    {"ctl save --format oci-archive -o app.tar app", "As an OCI archive, with compressed layers."},
    {"ctl save -m -o both.tar app database", "Two images in one archive."},
};

} // namespace

constexpr CommandSpec push_spec{
    .name = "push",
    .aliases = "image push",
    .group = group_images,
    .brief = "Send an image to a registry",
    .description = "Sends the layers that the destination does not have, and the manifest. What is there already is not sent, and what is in "
                   "another repository of the same registry is taken from there.\n\n"
                   "Layers are kept unpacked here. An image that was pulled keeps its digest where the destination has its compressed "
                   "layers or where they are not compressed; otherwise they are compressed anew, which makes another digest, and that is "
                   "told. Blobs that a layer was once pushed or pulled as are remembered, so that a second push sends nothing.\n\n"
                   "With --sign-by a signature is written beside those that there are: to the file:///DIR that registries.d names as lookaside-staging "
                   "or lookaside, else to ~/.local/share/containers/sigstore. See ctl image sign.",
    .examples = push_examples,
    .arguments = push_arguments,
    .options = push_options,
};

constexpr CommandSpec save_spec{
    .name = "save",
    .aliases = "image save",
    .group = group_images,
    .brief = "Write images to an archive",
    .description = "Writes images as an archive or a directory that load, Podman, Docker and skopeo read.",
    .examples = save_examples,
    .arguments = save_arguments,
    .options = save_options,
};

} // namespace cli
