// The description of search, history, untag, import and of image exists, tree, prune.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec own_search_options[] = {
    {.long_name = "list-tags", .help = "List the tags of the repository TERM"},
    {.long_name = "limit", .value = "NUMBER", .default_text = "25 of each registry; all tags", .help = "How many to list"},
    {.long_name = "filter", .short_name = 'f', .value = "KEY[=VALUE]", .repeatable = true,
     .help = "Only is-official, is-automated (=true or =false), or stars=NUMBER at least"},
    {.long_name = "format", .value = "FORMAT", .help = format_help},
    {.long_name = "no-trunc", .help = "Print descriptions in full"},
    {.long_name = "compatible", .help = "Print Docker's columns too: stars, official, automated"},
};
constexpr auto search_options = joined(own_search_options, authfile_option, creds_option, tls_option, cert_dir_option);
constexpr ArgumentSpec search_arguments[] = {
    {.name = "TERM", .help = "Part of a name, alone or after a registry: quay.io/fedora, registry.lan:5000/"},
};
constexpr ExampleSpec search_examples[] = {
    {"ctl search --filter is-official nginx", "On docker.io, or the search registries of registries.conf."},
    {"ctl search registry.lan:5000/", "Everything that a registry of your own has."},
    {"ctl search --list-tags quay.io/podman/stable", "The tags of a repository."},
};

constexpr OptionSpec history_options[] = {
    {.long_name = "format", .value = "FORMAT", .help = format_help},
    {.long_name = "human", .short_name = 'H', .default_text = "true", .help = "Print sizes and times for humans; --human=false for programs"},
    {.long_name = "no-trunc", .help = "Print ids and commands in full"},
    {.long_name = "quiet", .short_name = 'q', .help = "Print ids only"},
};
constexpr ArgumentSpec one_image[] = {{.name = "IMAGE", .help = "Image, by name or id", .completes = Completes::images}};
constexpr ExampleSpec history_examples[] = {
    {"ctl history nginx", "How an image was made, the last step first."},
    {"ctl history --no-trunc --format '{{.CreatedBy}}' nginx", "The commands alone."},
};

constexpr ArgumentSpec untag_arguments[] = {
    {.name = "IMAGE", .help = "Image, by name or id", .completes = Completes::images},
    {.name = "NAME", .help = "Name to take away; all where none is given", .required = false, .repeatable = true, .completes = Completes::images},
};
constexpr ExampleSpec untag_examples[] = {
    {"ctl untag nginx localhost:5000/web:1", "Take one name away; the image stays."},
    {"ctl untag nginx", "All its names."},
};

constexpr ExampleSpec exists_examples[] = {{"ctl image exists nginx || ctl pull nginx", "In a script: 0 when it is here, 1 when not."}};
constexpr OptionSpec tree_options[] = {
    {.long_name = "whatrequires", .help = "Show the images that are built on this one, in place of its own layers"},
};
constexpr ExampleSpec tree_examples[] = {
    {"ctl image tree nginx", "The layers, and which images end with which."},
    {"ctl image tree --whatrequires debian", "What is built on it."},
};

constexpr OptionSpec own_import_options[] = {
    {.long_name = "change", .short_name = 'c', .value = "INSTRUCTION", .repeatable = true,
     .help = "Set something in the image's configuration, as in a Containerfile: CMD, ENTRYPOINT, ENV, EXPOSE,\n"
             "LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR"},
    {.long_name = "message", .short_name = 'm', .value = "TEXT", .help = "Comment for the history"},
    {.long_name = "arch", .value = "ARCH", .default_text = "this machine's", .help = "Architecture that the image is for"},
    {.long_name = "os", .value = "OS", .default_text = "linux", .help = "Operating system that it is for"},
    {.long_name = "variant", .value = "VARIANT", .help = "Variant of the architecture"},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress"},
};
constexpr auto import_options = joined(own_import_options, signature_policy_option);
constexpr ArgumentSpec import_arguments[] = {
    {.name = "PATH", .help = "Tar of a file system, plain or compressed with gzip or zstd; - for standard input, or an http or https URL", .completes = Completes::files},
    {.name = "NAME", .help = "Name for the image", .required = false},
};
constexpr ExampleSpec import_examples[] = {
    {"ctl export web | ctl import - web-flat", "A container's file system as an image of one layer."},
    {"ctl import --change 'CMD [\"/bin/sh\"]' rootfs.tar.zst mine:1", "With a command to run."},
    {"ctl import https://example.com/rootfs.tar.zst mine:1", "From a web server."},
};

constexpr OptionSpec prune_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Remove all images that no container uses, not only those without a name"},
    {.long_name = "filter", .value = "KEY=VALUE", .repeatable = true, .help = "Only images that match: label[!]=NAME[=VALUE], until=TIME, dangling=true|false"},
    {.long_name = "external", .help = "Also images that only containers of other tools use; there are none in ctl's store, the option is there for scripts"},
    {.long_name = "force", .short_name = 'f', .help = "Do not ask"},
};
constexpr ExampleSpec prune_examples[] = {
    {"ctl image prune", "Remove images without a name that nothing uses."},
    {"ctl image prune -af --filter until=240h", "Everything unused that is older than ten days."},
};

constexpr OptionSpec image_mount_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Mount all images"},
    {.long_name = "format", .value = "FORMAT", .help = "json: a list for a program", .completes = Completes::words, .words = "json"},
};
constexpr OptionSpec image_unmount_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Every image that is mounted here"},
    {.long_name = "force", .short_name = 'f', .help = "Also where it is in use"},
};
constexpr ArgumentSpec some_images[] = {
    {.name = "IMAGE", .help = "Image, by name or id", .required = false, .repeatable = true, .completes = Completes::images},
};
constexpr ExampleSpec image_mount_examples[] = {
    {"ctl unshare sh -c 'cat \"$(ctl image mount nginx)/etc/os-release\"'", "Look into an image without running it."},
    {"ctl image mount", "List what is mounted."},
};
constexpr ExampleSpec image_unmount_examples[] = {{"ctl image unmount --all", "Take all mounts of images away."}};

} // namespace

constexpr CommandSpec search_spec{
    .name = "search",
    .aliases = "image search",
    .group = group_images,
    .brief = "Search registries for images",
    .description = "Asks registries for repositories whose names contain a term: the search of the registry where it has one, otherwise the "
                   "list of all its repositories. Without a registry the search registries of registries.conf are asked, docker.io "
                   "where it names none.",
    .examples = search_examples,
    .arguments = search_arguments,
    .options = search_options,
};

constexpr CommandSpec history_spec{
    .name = "history",
    .aliases = "image history",
    .group = group_images,
    .brief = "Show how an image was made",
    .description = "Shows the steps that the image's configuration tells, the last one first, with the size of what each added.",
    .examples = history_examples,
    .arguments = one_image,
    .options = history_options,
};

constexpr CommandSpec untag_spec{
    .name = "untag",
    .aliases = "image untag",
    .group = group_images,
    .brief = "Take names away from an image",
    .description = "Takes names away. The image stays, also without a name; `ctl image prune` removes it then.",
    .examples = untag_examples,
    .arguments = untag_arguments,
    .options = {},
};

constexpr CommandSpec import_spec{
    .name = "import",
    .aliases = "image import",
    .group = group_images,
    .brief = "Make an image from a tar of a file system",
    .description = "Makes an image of one layer from a tar, as `ctl export` writes it, and prints its id. What a URL leads to is fetched whole "
                   "before it is looked at; nothing vouches for it but the server's certificate.",
    .examples = import_examples,
    .arguments = import_arguments,
    .options = import_options,
};

constexpr CommandSpec image_exists_spec{
    .name = "image exists",
    .group = group_images,
    .brief = "Tell whether an image is here",
    .description = "Exits with 0 when the image is in the store, with 1 when not, and prints nothing.",
    .examples = exists_examples,
    .arguments = one_image,
    .options = {},
};

constexpr CommandSpec image_tree_spec{
    .name = "image tree",
    .group = group_images,
    .brief = "Show the layers of an image",
    .description = "Shows an image's layers, the lowest first, with their sizes and the images that end with them.",
    .examples = tree_examples,
    .arguments = one_image,
    .options = tree_options,
};

constexpr CommandSpec image_mount_spec{
    .name = "image mount",
    .group = group_images,
    .brief = "Mount images to look at them",
    .description =
        "Mounts the files of images, read-only, and prints where; without arguments lists what is mounted. An ordinary user can mount "
        "only in a namespace of her own: run it, and what is to use the mount, inside `ctl unshare`. The mount goes with that namespace.",
    .examples = image_mount_examples,
    .arguments = some_images,
    .options = image_mount_options,
};

constexpr CommandSpec image_unmount_spec{
    .name = "image unmount",
    .aliases = "image umount",
    .group = group_images,
    .brief = "Take the mounts of images away",
    .description = "Undoes what `ctl image mount` did, in the same namespace.",
    .examples = image_unmount_examples,
    .arguments = some_images,
    .options = image_unmount_options,
};

constexpr CommandSpec image_prune_spec{
    .name = "image prune",
    .group = group_images,
    .brief = "Remove unused images",
    .description = "Removes images without a name, or with --all every image that no container uses, and prints their ids.",
    .examples = prune_examples,
    .arguments = {},
    .options = prune_options,
};

} // namespace cli
