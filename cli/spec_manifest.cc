// The description of the commands about manifest lists.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ExampleSpec group_examples[] = {{"ctl manifest create app", "Begin a list of images for several platforms."}};

constexpr ArgumentSpec list_argument[] = {{.name = "LIST", .help = "Name of the manifest list"}};
constexpr ArgumentSpec list_and_images[] = {
    {.name = "LIST", .help = "Name of the manifest list"},
    {.name = "IMAGE", .help = "Image that is here, or in a registry (docker:// before it says so)", .repeatable = true, .completes = Completes::images},
};
constexpr ArgumentSpec list_and_additions[] = {
    {.name = "LIST", .help = "Name of the manifest list"},
    {.name = "IMAGE", .help = "Image that is here, or in a registry (docker:// before it says so); with --artifact: file", .repeatable = true,
     .completes = Completes::images},
};
constexpr ArgumentSpec list_and_maybe_images[] = {
    {.name = "LIST", .help = "Name of the manifest list"},
    {.name = "IMAGE", .help = "Image that is here, or in a registry (docker:// before it says so)", .required = false, .repeatable = true,
     .completes = Completes::images},
};

constexpr OptionSpec all_option[] = {
    {.long_name = "all", .help = "Take every platform of an image in a registry that has several, not only this machine's"},
};
constexpr OptionSpec annotation_option[] = {
    {.long_name = "annotation", .value = "NAME=VALUE", .repeatable = true, .help = "Add an annotation"},
};
constexpr OptionSpec platform_options[] = {
    {.long_name = "arch", .value = "ARCH", .help = "Architecture of the entry, for example arm64"},
    {.long_name = "os", .value = "OS", .help = "Its operating system"},
    {.long_name = "variant", .value = "VARIANT", .help = "Its variant of the architecture, for example v7"},
    {.long_name = "os-version", .value = "VERSION", .help = "Its version of the operating system"},
    {.long_name = "features", .value = "FEATURE", .repeatable = true, .help = "Processor features that it needs; several may be separated by commas"},
};

constexpr OptionSpec amend_option[] = {
    {.long_name = "amend", .short_name = 'a', .help = "Add to a list that is there already"},
};
constexpr OptionSpec insecure_option[] = {{.long_name = "insecure", .help = "Docker's word for --tls-verify=false"}};
constexpr auto create_options = joined(amend_option, all_option, annotation_option, tls_option, insecure_option);
constexpr ExampleSpec create_examples[] = {
    {"ctl manifest create app", "An empty list, localhost/app:latest."},
    {"ctl manifest create app registry.example/app:1-amd64 registry.example/app:1-arm64", "With images."},
};

constexpr OptionSpec artifact_options[] = {
    {.long_name = "artifact", .help = "The arguments are files: add them as one artifact"},
    {.long_name = "artifact-config", .value = "FILE", .default_text = "an empty one", .help = "Configuration of the artifact",
     .completes = Completes::files},
    {.long_name = "artifact-config-type", .value = "TYPE", .help = "Media type of the configuration"},
    {.long_name = "artifact-exclude-titles", .help = "Leave the names of the files out"},
    {.long_name = "artifact-layer-type", .value = "TYPE", .default_text = "by name and content", .help = "Media type of the files"},
    {.long_name = "artifact-subject", .value = "IMAGE", .help = "What the artifact is about, an image that is here, or docker://NAME in a registry",
     .completes = Completes::images},
    {.long_name = "artifact-type", .value = "TYPE", .default_text = "application/vnd.unknown.artifact.v1", .help = "Type of the artifact"},
};
constexpr auto add_options = joined(all_option, annotation_option, artifact_options, platform_options, authfile_option, creds_option, tls_option, insecure_option, cert_dir_option);
constexpr ExampleSpec add_examples[] = {
    {"ctl manifest add app app-arm64", "An image that is here; its platform is the one it says."},
    {"ctl manifest add --all app docker://docker.io/library/alpine", "All platforms of an image in a registry."},
    {"ctl manifest add --artifact --artifact-type application/vnd.example.sbom app sbom.json", "A file beside the images."},
};

constexpr OptionSpec own_annotate_options[] = {
    {.long_name = "index", .help = "Annotate the list itself"},
    {.long_name = "subject", .value = "IMAGE", .help = "With --index: what the list is about, an image that is here, or docker://NAME in a registry",
     .completes = Completes::images},
    {.long_name = "os-features", .value = "FEATURE", .repeatable = true, .help = "Features of the operating system that it needs"},
};
constexpr auto annotate_options = joined(own_annotate_options, annotation_option, platform_options);
constexpr ArgumentSpec annotate_arguments[] = {
    {.name = "LIST", .help = "Name of the manifest list"},
    {.name = "IMAGE", .help = "Entry, by digest or as an image that is here", .required = false, .completes = Completes::images},
};
constexpr ExampleSpec annotate_examples[] = {{"ctl manifest annotate --arch arm --variant v7 app app-arm", "Say what an image is for."}};

constexpr OptionSpec verbose_option[] = {{.long_name = "verbose", .help = "Accepted for scripts written for Docker: a list is always shown in full"}};
constexpr auto inspect_options = joined(authfile_option, tls_option, verbose_option);
constexpr ExampleSpec inspect_examples[] = {
    {"ctl manifest inspect app", "The list as it would be pushed."},
    {"ctl manifest inspect docker.io/library/alpine", "What a registry has under that name."},
};

constexpr OptionSpec own_push_options[] = {
    {.long_name = "add-compression", .value = "FORMAT", .repeatable = true,
     .help = "gzip or zstd: have each image in the list in this compression, too; several may be separated by commas",
     .completes = Completes::words, .words = "gzip zstd"},
    {.long_name = "all", .default_text = "true", .help = "Send the images too; --all=false sends the list alone"},
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "the images' own", .help = "oci, or v2s2 (Docker's)",
     .completes = Completes::words, .words = "oci v2s2"},
    {.long_name = "compression-format", .value = "FORMAT", .default_text = "as pulled, gzip for images made here", .help = "gzip or zstd, for every layer",
     .completes = Completes::words, .words = "gzip zstd"},
    {.long_name = "compression-level", .value = "NUMBER", .default_text = "fast", .help = "How hard to compress"},
    {.long_name = "force-compression", .help = "Compress every layer anew"},
    {.long_name = "digestfile", .value = "FILE", .help = "Write the digest of the list to a file", .completes = Completes::files},
    {.long_name = "remove-signatures", .help = "Accepted: no signatures are kept with images here, so none are sent"},
    {.long_name = "rm", .help = "Remove the list here afterwards"},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress"},
};
constexpr auto push_options = joined(own_push_options, signing_options, authfile_option, creds_option, tls_option, cert_dir_option);
constexpr ArgumentSpec push_arguments[] = {
    {.name = "LIST", .help = "Name of the manifest list"},
    {.name = "DESTINATION", .help = "Name in a registry; the list's own where it is missing", .required = false},
};
constexpr ExampleSpec push_examples[] = {
    {"ctl manifest push app registry.example/app:1", "The images, and the list under that name."},
    {"ctl manifest push --add-compression zstd app registry.example/app:1", "Each image packed with zstd, too, for those who can read it."},
};

constexpr ArgumentSpec remove_arguments[] = {
    {.name = "LIST", .help = "Name of the manifest list"},
    {.name = "DIGEST", .help = "Entry, by digest or as an image that is here"},
};
constexpr ExampleSpec remove_examples[] = {{"ctl manifest remove app sha256:DIGEST", "Take an entry out."}};

constexpr OptionSpec rm_options[] = {{.long_name = "ignore", .short_name = 'i', .help = "A list that is not there is no error"}};
constexpr ArgumentSpec rm_arguments[] = {{.name = "LIST", .help = "Name of the manifest list", .repeatable = true}};
constexpr ExampleSpec rm_examples[] = {{"ctl manifest rm app", "The images in it stay."}};
constexpr ExampleSpec exists_examples[] = {{"ctl manifest exists app || ctl manifest create app", "In a script: 0 when it is here, 1 when not."}};

} // namespace

constexpr CommandSpec manifest_group{
    .name = "manifest",
    .group = group_groups,
    .brief = "Lists of images for several platforms",
    .description = "A manifest list is one name for images of several platforms; whoever pulls it gets the one for his machine. Lists are put "
                   "together here and pushed as an index. They keep no image alive.",
    .examples = group_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec manifest_create_spec{
    .name = "manifest create",
    .group = group_images,
    .brief = "Make a manifest list",
    .description = "Makes a list, empty or with images, and prints its name.",
    .examples = create_examples,
    .arguments = list_and_maybe_images,
    .options = create_options,
};

constexpr CommandSpec manifest_add_spec{
    .name = "manifest add",
    .group = group_images,
    .brief = "Add images to a manifest list",
    .description = "Adds images, from the store or, where it has none of the name, from a registry. Of a list in a registry the entry for this "
                   "machine, or for --os, --arch and --variant, is added, with --all every one.\n\n"
                   "With --artifact files are added, as one artifact. They are taken into the store as they are now, as LIST@DIGEST among "
                   "the artifacts, and go with the list.",
    .examples = add_examples,
    .arguments = list_and_additions,
    .options = add_options,
};

constexpr CommandSpec manifest_annotate_spec{
    .name = "manifest annotate",
    .group = group_images,
    .brief = "Say more about an entry of a manifest list",
    .description = "Sets the platform and annotations of an entry, or with --index annotations and the subject of the list.",
    .examples = annotate_examples,
    .arguments = annotate_arguments,
    .options = annotate_options,
};

constexpr CommandSpec manifest_inspect_spec{
    .name = "manifest inspect",
    .group = group_images,
    .brief = "Show a manifest list",
    .description = "Prints a list as JSON, one that is here or else what a registry has under the name.",
    .examples = inspect_examples,
    .arguments = list_argument,
    .options = inspect_options,
};

constexpr CommandSpec manifest_push_spec{
    .name = "manifest push",
    .group = group_images,
    .brief = "Send a manifest list to a registry",
    .description = "Sends the images that the registry lacks, those of other registries too, then the list, and prints its digest. Layers are sent "
                   "as push sends them; where that gives an image another digest, the list has that one. --sign-by signs the images and the list.",
    .examples = push_examples,
    .arguments = push_arguments,
    .options = push_options,
};

constexpr CommandSpec manifest_remove_spec{
    .name = "manifest remove",
    .group = group_images,
    .brief = "Take an entry out of a manifest list",
    .description = "Takes an entry out of a list. The image stays.",
    .examples = remove_examples,
    .arguments = remove_arguments,
    .options = {},
};

constexpr CommandSpec manifest_rm_spec{
    .name = "manifest rm",
    .group = group_images,
    .brief = "Remove manifest lists",
    .description = "Removes lists. The images in them stay.",
    .examples = rm_examples,
    .arguments = rm_arguments,
    .options = rm_options,
};

constexpr CommandSpec manifest_exists_spec{
    .name = "manifest exists",
    .group = group_images,
    .brief = "Tell whether a manifest list is here",
    .description = "Exits with 0 when there is a list of that name, with 1 when not, and prints nothing.",
    .examples = exists_examples,
    .arguments = list_argument,
    .options = {},
};

} // namespace cli
