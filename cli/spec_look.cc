// The description of the commands that only look: at containers, their logs, and ctl itself.
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec ps_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Also those that do not run"},
    {.long_name = "filter", .short_name = 'f', .value = "KEY=VALUE", .repeatable = true,
     .help = "Only those that match: id, name, label, label!, status, exited, ancestor, before, since, until, volume, network, "
             "command, health, pod or restart-policy"},
    {.long_name = "quiet", .short_name = 'q', .help = "Print ids only"},
    {.long_name = "format", .value = "FORMAT", .default_text = "table", .help = format_help},
    {.long_name = "last", .short_name = 'n', .value = "NUMBER", .help = "The latest so many, running or not"},
    {.long_name = "latest", .short_name = 'l', .help = "The latest one, running or not"},
    {.long_name = "no-trunc", .help = "Print ids and commands in full"},
    {.long_name = "noheading", .help = "Leave the headings out"},
    {.long_name = "ns", .help = "Show the numbers of the namespaces instead"},
    {.long_name = "pod", .short_name = 'p', .help = "Show the pods too; there are none yet"},
    {.long_name = "size", .short_name = 's', .help = "Show what each takes on disk, with and without its image"},
    {.long_name = "sort", .value = "KEY", .default_text = "created", .help = "Order of the lines",
     .completes = Completes::words, .words = "command created id image names runningfor size status"},
    {.long_name = "watch", .short_name = 'w', .value = "SECONDS", .help = "Print again and again, so many seconds apart"},
    {.long_name = "external", .help = "Also containers of other programs in the store; ctl's store has none"},
    {.long_name = "sync", .help = "Look at the processes before printing; ctl always does"},
};
constexpr ExampleSpec ps_examples[] = {
    {"ctl ps -a -f status=exited -f label=tier=web", "Those of a label that have ended."},
    {"ctl ps --format 'table {{.Names}} {{.Status}} {{.Ports}}'", "A table of one's own."},
    {"ctl ps", "What is running."},
    {"ctl ps -a", "All containers."},
    {"ctl ps -a --format '{{.Names}} {{.Status}}'", "Two fields of each."},
    {"ctl ps --format json", "Everything, for a program."},
};

constexpr OptionSpec logs_options[] = {
    {.long_name = "follow", .short_name = 'f', .help = "Go on printing until the containers end"},
    {.long_name = "tail", .value = "NUMBER", .default_text = "all", .help = "Only the last so many lines of each"},
    {.long_name = "since", .value = "TIME",
     .help = "Only what was printed since: a time (2026-11-22T10:00:00Z), or how long ago (10m)"},
    {.long_name = "until", .value = "TIME", .help = "Only what was printed until"},
    {.long_name = "timestamps", .short_name = 't', .help = "Print the time before each line"},
    {.long_name = "details", .help = "Print the tag of the log (--log-opt tag=) before each line"},
    {.long_name = "names", .short_name = 'n', .help = "Begin the lines of several containers with their names, not their ids"},
    {.long_name = "color", .help = "Print what the lines of several containers begin with in colors"},
    {.long_name = "latest", .short_name = 'l', .help = "The container that was made last"},
};
constexpr ArgumentSpec logs_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .required = false, .repeatable = true,
     .completes = Completes::containers},
};
constexpr ExampleSpec logs_examples[] = {
    {"ctl logs web", "Everything it has printed."},
    {"ctl logs -f --tail 10 web", "The last ten lines and whatever follows."},
    {"ctl logs -t --since 10m web", "The last ten minutes, with times."},
    {"ctl logs -fn web db", "What two containers print, line by line with their names."},
};

constexpr OptionSpec inspect_options[] = {
    {.long_name = "latest", .short_name = 'l', .help = "The latest container instead of names"},
    {.long_name = "size", .short_name = 's', .help = "Tell what a container takes on disk as well (SizeRw, SizeRootFs)"},
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "json", .help = format_help},
    {.long_name = "type", .short_name = 't', .value = "TYPE", .default_text = "all",
     .help = "What the names mean: container, image, volume, or all (the first of these that there is)", .completes = Completes::words,
     .words = "all container image volume"},
};
constexpr ArgumentSpec inspect_arguments[] = {
    {.name = "NAME", .help = "Container or image, by name, id, or the start of an id", .required = false, .repeatable = true,
     .completes = Completes::objects},
};
constexpr ExampleSpec inspect_examples[] = {
    {"ctl inspect web", "Everything known about a container."},
    {"ctl inspect -f '{{.State.Pid}}' web", "One field of it."},
    {"ctl inspect -t image nginx", "An image."},
};

constexpr OptionSpec about_options[] = {
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .help = format_help},
};
constexpr ExampleSpec version_examples[] = {
    {"ctl version", "The version of ctl and how it was built."},
    {"ctl version -f '{{.Client.Version}}'", "The number alone."},
};
constexpr ExampleSpec info_examples[] = {
    {"ctl info", "What ctl found on this machine: kernel, ids, storage, control groups."},
    {"ctl info -f json", "The same for a program."},
};

} // namespace

constexpr CommandSpec ps_spec{
    .name = "ps",
    .aliases = "container ps,container ls,container list",
    .group = group_manage,
    .brief = "List containers",
    .description = "Lists the running containers, with --all every container, the oldest first. It takes no lock and writes "
                   "nothing, so it works on a full disk too.\n\n"
                   "Filters of the same key are alternatives, except labels; filters of different keys must all match. The "
                   "values of id, name and ancestor are regular expressions, found anywhere.\n\n"
                   "Fields of --format: .ID .Names .Image .ImageID .Command .CreatedAt .RunningFor .Status .State .Ports "
                   ".Labels, .Label \"NAME\", .Mounts .Networks .Size .Pid .ExitCode .Exited .ExitedAt .StartedAt .AutoRemove "
                   ".ExposedPorts .Restarts .Namespaces and more; json shows them all.",
    .examples = ps_examples,
    .arguments = {},
    .options = ps_options,
};

constexpr CommandSpec logs_spec{
    .name = "logs",
    .aliases = "container logs",
    .group = group_manage,
    .brief = "Print what a container has printed",
    .description = "Prints the standard output and the standard error of containers, each to its own, as they were recorded; of "
                   "several containers in the order of time, each line with the container's id. It reads what the log drivers "
                   "k8s-file, json-file and journald have written; the journal only where it lets the user read what is hers.",
    .examples = logs_examples,
    .arguments = logs_arguments,
    .options = logs_options,
};

constexpr CommandSpec inspect_spec{
    .name = "inspect",
    .aliases = "container inspect",
    .group = group_manage,
    .brief = "Show everything about containers or images",
    .description = "Prints a JSON list with a document for each name. Field names are Podman's.",
    .examples = inspect_examples,
    .arguments = inspect_arguments,
    .options = inspect_options,
};

constexpr CommandSpec version_spec{
    .name = "version",
    .group = group_about,
    .brief = "Show the version",
    .description = "Prints the version of ctl.",
    .examples = version_examples,
    .arguments = {},
    .options = about_options,
};

constexpr CommandSpec info_spec{
    .name = "info",
    .aliases = "system info",
    .group = group_about,
    .brief = "Show what ctl found on this machine",
    .description = "Prints what decides how containers run here: kernel, id maps, storage and control groups.",
    .examples = info_examples,
    .arguments = {},
    .options = about_options,
};

} // namespace cli
