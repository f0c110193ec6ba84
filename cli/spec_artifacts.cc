// The description of the commands about artifacts.
#include "cli/spec_registry.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ExampleSpec group_examples[] = {{"ctl artifact ls", "See which artifacts are here."}};

constexpr ArgumentSpec one_artifact[] = {
    {.name = "ARTIFACT", .help = "Artifact, by name or by the start of its digest", .completes = Completes::artifacts},
};
constexpr ArgumentSpec artifacts[] = {
    {.name = "ARTIFACT", .help = "Artifact, by name or by the start of its digest", .repeatable = true, .completes = Completes::artifacts},
};
constexpr ArgumentSpec artifacts_or_all[] = {
    {.name = "ARTIFACT", .help = "Artifact, by name or by the start of its digest", .required = false, .repeatable = true, .completes = Completes::artifacts},
};

constexpr ArgumentSpec add_arguments[] = {
    {.name = "ARTIFACT", .help = "Name of the artifact; one without a registry belongs to localhost/", .completes = Completes::artifacts},
    {.name = "FILE", .help = "File to put into it", .repeatable = true, .completes = Completes::files},
};
constexpr OptionSpec add_options[] = {
    {.long_name = "annotation", .value = "NAME=VALUE", .repeatable = true,
     .help = "Add an annotation to each of the files; org.opencontainers.image.title gives a single one another name"},
    {.long_name = "append", .short_name = 'a', .help = "Add the files to an artifact that is there already"},
    {.long_name = "file-type", .value = "TYPE", .default_text = "by how the file begins", .help = "Media type of the files, for example application/vnd.gguf"},
    {.long_name = "replace", .help = "Take the place of an artifact of that name"},
    {.long_name = "type", .value = "TYPE", .default_text = "application/vnd.unknown.artifact.v1", .help = "Media type of the artifact"},
};
constexpr ExampleSpec add_examples[] = {
    {"ctl artifact add registry.example/team/model:1 model.gguf LICENSE", "Two files as one artifact."},
    {"ctl artifact add --type application/vnd.example.model --file-type application/vnd.gguf registry.example/team/model:1 model.gguf", "With types."},
    {"ctl artifact add --append registry.example/team/model:1 README.md", "One more file."},
};

constexpr ArgumentSpec extract_arguments[] = {
    {.name = "ARTIFACT", .help = "Artifact, by name or by the start of its digest", .completes = Completes::artifacts},
    {.name = "TARGET", .help = "Directory that is there, or file", .completes = Completes::files},
};
constexpr OptionSpec extract_options[] = {
    {.long_name = "digest", .value = "DIGEST", .help = "Only the file with this digest, and under it in a directory"},
    {.long_name = "title", .value = "TITLE", .help = "Only the file with this title"},
};
constexpr ExampleSpec extract_examples[] = {
    {"ctl artifact extract registry.example/team/model:1 .", "All files under their titles."},
    {"ctl artifact extract --title LICENSE registry.example/team/model:1 license.txt", "One of them, under another name."},
};

constexpr OptionSpec ls_options[] = {
    {.long_name = "format", .value = "FORMAT", .default_text = "table", .help = format_help},
    {.long_name = "no-trunc", .help = "Print digests in full"},
    {.long_name = "noheading", .short_name = 'n', .help = "Print no line of headings"},
};
constexpr ExampleSpec ls_examples[] = {
    {"ctl artifact ls", "All artifacts."},
    {"ctl artifact ls --format '{{.Repository}}:{{.Tag}} {{.VirtualSize}}'", "Names and bytes."},
};

constexpr OptionSpec inspect_options[] = {
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "json", .help = format_help},
};
constexpr ExampleSpec inspect_examples[] = {
    {"ctl artifact inspect -f '{{range .Manifest.layers}}{{.digest}} {{.mediaType}}{{\"\\n\"}}{{end}}' registry.example/team/model:1", "Its files."},
};

constexpr OptionSpec quiet_option[] = {{.long_name = "quiet", .short_name = 'q', .help = "Show no progress"}};
constexpr auto pull_options = joined(quiet_option, authfile_option, creds_option, tls_option, cert_dir_option, signature_policy_option, retry_options);
constexpr ArgumentSpec pull_arguments[] = {{.name = "ARTIFACT", .help = "Name in a registry"}};
constexpr ExampleSpec pull_examples[] = {{"ctl artifact pull registry.example/team/model:1", "Fetch it, going on with what an earlier pull left."}};

constexpr OptionSpec digestfile_option[] = {
    {.long_name = "digestfile", .value = "FILE", .help = "Write the digest of the manifest to a file", .completes = Completes::files},
};
constexpr auto push_options = joined(digestfile_option, quiet_option, signing_options, authfile_option, creds_option, tls_option, cert_dir_option, retry_options);
constexpr ArgumentSpec push_arguments[] = {
    {.name = "ARTIFACT", .help = "Artifact, by name or by the start of its digest", .completes = Completes::artifacts},
    {.name = "DESTINATION", .help = "Name in a registry; the artifact's own where it is missing", .required = false},
};
constexpr ExampleSpec push_examples[] = {
    {"ctl artifact push registry.example/team/model:1", "Under its own name."},
    {"ctl artifact push model registry.example/team/model:2", "One with a local name."},
};

constexpr OptionSpec rm_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All artifacts"},
    {.long_name = "ignore", .short_name = 'i', .help = "A missing one is no error"},
};
constexpr ExampleSpec rm_examples[] = {{"ctl artifact rm registry.example/team/model:1", "Remove the name; system prune frees the room."}};

} // namespace

constexpr CommandSpec artifact_group{
    .name = "artifact",
    .group = group_groups,
    .brief = "All that is done with artifacts",
    .description = "Artifacts are files under a name that registries keep as they keep images: models, charts, disk images, documents. They are "
                   "kept apart from images, and nothing runs from them.",
    .examples = group_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec artifact_add_spec{
    .name = "artifact add",
    .group = group_images,
    .brief = "Make an artifact of files",
    .description = "Takes files into the store under one name, byte by byte as they are, and prints the digest of the manifest. Each keeps its "
                   "name as the annotation org.opencontainers.image.title. The same files make the same digest.",
    .examples = add_examples,
    .arguments = add_arguments,
    .options = add_options,
};

constexpr CommandSpec artifact_extract_spec{
    .name = "artifact extract",
    .group = group_images,
    .brief = "Copy the files of an artifact out of the store",
    .description = "Copies all files of an artifact into a directory, each under its title, or under its digest (sha256-HEX) where it has none. "
                   "With a target that is no directory exactly one file must be meant. Files that are there are replaced.",
    .examples = extract_examples,
    .arguments = extract_arguments,
    .options = extract_options,
};

constexpr CommandSpec artifact_inspect_spec{
    .name = "artifact inspect",
    .group = group_images,
    .brief = "Show everything known about artifacts",
    .description = "Prints a JSON document for each artifact: Name, Digest, TotalSizeBytes and the Manifest as it is.",
    .examples = inspect_examples,
    .arguments = artifacts,
    .options = inspect_options,
};

constexpr CommandSpec artifact_ls_spec{
    .name = "artifact ls",
    .aliases = "artifact list",
    .group = group_images,
    .brief = "List artifacts",
    .description = "Lists the artifacts that are here.\n\nFields of --format: .Repository .Tag .Digest .Size .VirtualSize (bytes) .Created "
                   ".CreatedAt (of the manifest's annotation org.opencontainers.image.created, where it has one).",
    .examples = ls_examples,
    .arguments = {},
    .options = ls_options,
};

constexpr CommandSpec artifact_pull_spec{
    .name = "artifact pull",
    .group = group_images,
    .brief = "Fetch an artifact from a registry",
    .description = "Fetches an artifact and keeps it under the name it was asked for by, and prints its digest. Blobs that are here are not fetched, "
                   "and one that broke off goes on where it stopped. registries.conf, policy.json and logins count as for images.",
    .examples = pull_examples,
    .arguments = pull_arguments,
    .options = pull_options,
};

constexpr CommandSpec artifact_push_spec{
    .name = "artifact push",
    .group = group_images,
    .brief = "Send an artifact to a registry",
    .description = "Sends the blobs that the registry does not have, and the manifest as it is.",
    .examples = push_examples,
    .arguments = push_arguments,
    .options = push_options,
};

constexpr CommandSpec artifact_rm_spec{
    .name = "artifact rm",
    .aliases = "artifact remove",
    .group = group_images,
    .brief = "Remove artifacts",
    .description = "Removes artifacts and prints their digests. What no other artifact needs is freed by the next system prune.",
    .examples = rm_examples,
    .arguments = artifacts_or_all,
    .options = rm_options,
};

} // namespace cli
