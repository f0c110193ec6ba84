// The description of image sync.
#include "cli/spec_copy.h"
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec own_sync_options[] = {
    {.long_name = "src", .short_name = 's', .value = "KIND", .help = "What SOURCE is: docker (a repository), dir (a directory of images) or yaml (a file)",
     .completes = Completes::words, .words = "docker dir yaml"},
    {.long_name = "dest", .short_name = 'd', .value = "KIND", .help = "What DESTINATION is: docker (a registry, and a path there) or dir (a directory)",
     .completes = Completes::words, .words = "docker dir"},
    {.long_name = "scoped", .help = "Put the whole name of an image below DESTINATION, not only its last part"},
    {.long_name = "append-suffix", .value = "TEXT", .help = "Text to put behind every tag at the destination"},
    {.long_name = "dry-run", .help = "Say what would be copied, and copy nothing"},
    {.long_name = "keep-going", .help = "Go on after an image that fails, and fail at the end"},
    {.long_name = "digestfile", .value = "FILE", .help = "Write digest and name of every image at the destination to a file, one a line",
     .completes = Completes::files},
};
constexpr auto sync_options = joined(own_sync_options, look_options, side_options, signature_policy_option);
constexpr ArgumentSpec sync_arguments[] = {
    {.name = "SOURCE", .help = "registry/repository[:TAG] (without a tag: all tags), a directory, or a yaml file", .completes = Completes::files},
    {.name = "DESTINATION", .help = "registry[/path], or a directory", .completes = Completes::files},
};
constexpr ExampleSpec sync_examples[] = {
    {"ctl image sync --src docker --dest dir --all docker.io/library/busybox /media/usb", "Every tag, for all platforms, to carry away."},
    {"ctl image sync --src dir --dest docker /media/usb registry.lan:5000/mirror", "And into another network."},
    {"ctl image sync --src docker --dest docker --scoped quay.io/podman/stable registry.lan:5000",
     "To registry.lan:5000/quay.io/podman/stable."},
    {"ctl image sync --src yaml --dest docker sync.yaml registry.lan:5000", "What a file lists."},
};

} // namespace

constexpr CommandSpec image_sync_spec{
    .name = "image sync",
    .group = group_images,
    .brief = "Copy repositories and directories of images",
    .description = "Copies all images of a repository, of a tree of directories that dir: has made, or of repositories that a yaml file lists, "
                   "as skopeo sync does; what the destination has already is not sent again. A directory gets one image for each name, as "
                   "busybox:1.36, and one that is there is brought up to date.\n\n"
                   "The file has a mapping for each registry: images (repository: list of tags or digests, empty for all), "
                   "images-by-tag-regex (repository: extended regular expression), credentials (username, password), tls-verify, cert-dir.",
    .examples = sync_examples,
    .arguments = sync_arguments,
    .options = sync_options,
};

} // namespace cli
