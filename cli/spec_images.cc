// The description of the commands for images.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec own_pull_options[] = {
    {.long_name = "all-tags", .short_name = 'a', .help = "Fetch every tag of the repository"},
    {.long_name = "policy", .value = "POLICY", .default_text = "always",
     .help = "When to fetch: always, missing, newer, or never", .completes = Completes::words, .words = "always missing newer never"},
    {.long_name = "disable-content-trust", .help = "Accepted for scripts written for Docker: there is no content trust to disable"},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress, only the image's id"},
    {.long_name = "platform", .value = "OS/ARCH[/VARIANT]", .default_text = "this machine's",
     .help = "Platform to choose from an image made for several"},
    {.long_name = "arch", .value = "ARCH", .help = "Architecture to choose, for example arm64"},
    {.long_name = "os", .value = "OS", .help = "Operating system to choose"},
    {.long_name = "variant", .value = "VARIANT", .help = "Variant of the architecture to choose, for example v7"},
};
constexpr auto pull_options = joined(own_pull_options, authfile_option, creds_option, tls_option, cert_dir_option, retry_options,
                                     signature_policy_option);
constexpr ArgumentSpec pull_arguments[] = {
    {.name = "IMAGE", .help = "Image to fetch, as name, name:tag or name@digest; or oci:DIR[:NAME], dir:DIR, oci-archive:FILE[:NAME], docker-archive:FILE[:NAME]",
     .repeatable = true,
     .completes = Completes::images},
};
constexpr ExampleSpec pull_examples[] = {
    {"ctl pull nginx", "Fetch docker.io/library/nginx:latest."},
    {"ctl pull localhost:5000/app:1.2", "From a registry of your own."},
    {"ctl pull --platform linux/arm64 alpine", "For another processor."},
    {"ctl pull --tls-verify=false registry.lan:5000/app", "From a registry without a certificate."},
    {"ctl pull oci-archive:app.tar", "From a file."},
};

constexpr OptionSpec images_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Every image; none is hidden, the option is there for scripts"},
    {.long_name = "quiet", .short_name = 'q', .help = "Print ids only"},
    {.long_name = "filter", .short_name = 'f', .value = "KEY=VALUE", .repeatable = true,
     .help = "Only images that match: before=IMAGE, since=IMAGE (or after=), until=TIME, containers=true|false,\n"
             "dangling=true|false, digest=, id=, label[!]=NAME[=VALUE], reference=PATTERN; intermediate=, manifest= and\n"
             "readonly=, which no image here is. Filters of one key are alternatives, except labels"},
    {.long_name = "sort", .value = "FIELD", .default_text = "created", .help = "Sort by created (the newest first), id, repository, size or tag",
     .completes = Completes::words, .words = "created id repository size tag"},
    {.long_name = "format", .value = "FORMAT", .default_text = "table", .help = format_help},
    {.long_name = "digests", .help = "Print the digests of the manifests too"},
    {.long_name = "history", .help = "Print the names that each image was ever given, the last one first"},
    {.long_name = "no-trunc", .help = "Print ids in full"},
    {.long_name = "noheading", .short_name = 'n', .help = "Leave the headings out"},
};
constexpr ArgumentSpec images_arguments[] = {
    {.name = "IMAGE", .help = "Only images of this name", .required = false, .completes = Completes::images},
};
constexpr ExampleSpec images_examples[] = {
    {"ctl images", "The images on this machine."},
    {"ctl images -q", "Their ids."},
    {"ctl images --format '{{.Repository}}:{{.Tag}}'", "Their names."},
};

constexpr OptionSpec rmi_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All images; one that a container uses is an error without --force"},
    {.long_name = "force", .short_name = 'f', .help = "Remove its containers and all its names too"},
    {.long_name = "ignore", .short_name = 'i', .help = "An image that is not there is no error"},
    {.long_name = "no-prune", .help = "Keep the images that it was built from; they are kept anyway, the option is there for scripts"},
};
constexpr ArgumentSpec rmi_arguments[] = {
    {.name = "IMAGE", .help = "Image, by name or id", .required = false, .repeatable = true, .completes = Completes::images},
};
constexpr ExampleSpec rmi_examples[] = {
    {"ctl rmi nginx", "Remove a name, and the image when it was the last one."},
    {"ctl rmi -af", "Remove every image, and the containers made of them."},
};

constexpr ArgumentSpec tag_arguments[] = {
    {.name = "IMAGE", .help = "Image, by name or id", .completes = Completes::images},
    {.name = "NAME", .help = "Further name for it", .repeatable = true},
};
constexpr ExampleSpec tag_examples[] = {
    {"ctl tag nginx localhost:5000/web:1", "Give it a name under another registry."},
};

constexpr OptionSpec own_load_options[] = {
    {.long_name = "input", .short_name = 'i', .value = "FILE", .default_text = "standard input",
     .help = "Archive or directory to read", .completes = Completes::files},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress"},
};
constexpr auto load_options = joined(own_load_options, signature_policy_option);
constexpr ExampleSpec load_examples[] = {
    {"ctl load -i app.tar", "Load the images of an archive that `podman save` or `docker save` wrote."},
    {"zcat app.tar.gz | ctl load", "From standard input."},
    {"ctl load -i app", "From the directory of an OCI layout, or one that `ctl save --format docker-dir` wrote."},
};

} // namespace

constexpr CommandSpec pull_spec{
    .name = "pull",
    .aliases = "image pull",
    .group = group_images,
    .brief = "Fetch images from a registry",
    .description = "Fetches images and prints their ids. A name without a registry is looked for where registries.conf "
                   "says (aliases, unqualified-search-registries), on docker.io where it says nothing, and the name that it was "
                   "resolved to is shown. Layers that are here already are not fetched again, and a download that was interrupted "
                   "goes on where it stopped.\n\n"
                   "registries.conf can name mirrors, other locations, insecure and blocked registries; $CONTAINERS_REGISTRIES_CONF is "
                   "read in its place. Proxies are taken from $http_proxy, $https_proxy and $no_proxy.",
    .examples = pull_examples,
    .arguments = pull_arguments,
    .options = pull_options,
};

constexpr CommandSpec images_spec{
    .name = "images",
    .aliases = "image ls,image list",
    .group = group_images,
    .brief = "List images",
    .description = "Lists the images on this machine, newest first. The id is the digest of the image's configuration.",
    .examples = images_examples,
    .arguments = images_arguments,
    .options = images_options,
};

constexpr CommandSpec rmi_spec{
    .name = "rmi",
    .aliases = "image rm",
    .group = group_images,
    .brief = "Remove images",
    .description = "Removes names of images, and the images themselves with their last name. An image that a container uses is "
                   "refused, unless --force is given.",
    .examples = rmi_examples,
    .arguments = rmi_arguments,
    .options = rmi_options,
};

constexpr CommandSpec tag_spec{
    .name = "tag",
    .aliases = "image tag",
    .group = group_images,
    .brief = "Give an image further names",
    .description = "Adds names to an image. A name without a registry goes under localhost/.",
    .examples = tag_examples,
    .arguments = tag_arguments,
    .options = {},
};

constexpr CommandSpec load_spec{
    .name = "load",
    .aliases = "image load",
    .group = group_images,
    .brief = "Load images from an archive",
    .description = "Reads a docker-archive or an OCI archive, from a file or from standard input, and prints the names of the "
                   "images that it holds.",
    .examples = load_examples,
    .arguments = {},
    .options = load_options,
};

} // namespace cli
