// The description of the commands about a container's life: attach, restart, pause, rename, prune and the like.
#include "cli/spec_tables.h"
#include "cli/spec_targets.h"

namespace cli {
namespace {

constexpr ArgumentSpec one_running_argument[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .required = false, .completes = Completes::running_containers},
};

constexpr OptionSpec attach_options[] = {
    detach_keys_option,
    latest_option,
    {.long_name = "no-stdin", .help = "Do not pass standard input on"},
    sig_proxy_option,
};
constexpr ExampleSpec attach_examples[] = {
    {"ctl attach shell", "Take part in a running container; ctrl-p ctrl-q leaves it again."},
    {"ctl attach --no-stdin --sig-proxy=false web", "Watch what it prints."},
};

constexpr OptionSpec init_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All containers that do not run"},
    latest_option,
};
constexpr ExampleSpec init_examples[] = {
    {"ctl init web", "Prepare it, so that a later `ctl start web` has only to begin."},
    {"ctl init web && ctl inspect --format '{{.State.Pid}}' web", "Look at what it will be before it runs."},
};

constexpr OptionSpec restart_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All containers, running or not"},
    cidfile_option,
    filter_option,
    latest_option,
    {.long_name = "running", .help = "All running containers"},
    {.long_name = "time", .alias = "timeout", .short_name = 't', .value = "SECONDS", .default_text = "the container's, 10",
     .help = "How long to wait after the stop signal before killing"},
};
constexpr ExampleSpec restart_examples[] = {
    {"ctl restart web", "Stop it and start it again."},
    {"ctl restart --running -t 2", "All that run, with less patience."},
};

constexpr OptionSpec pause_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All running containers"},
    cidfile_option,
    filter_option,
    latest_option,
};
constexpr ExampleSpec pause_examples[] = {
    {"ctl pause web", "Hold all its processes."},
    {"ctl unpause web", "Let them go on."},
};
constexpr OptionSpec unpause_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All paused containers"},
    cidfile_option,
    filter_option,
    latest_option,
};
constexpr ExampleSpec unpause_examples[] = {
    {"ctl unpause web", "Let its processes go on."},
    {"ctl unpause -a", "All that are paused."},
};

constexpr ArgumentSpec rename_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::containers},
    {.name = "NAME", .help = "The new name"},
};
constexpr ExampleSpec rename_examples[] = {
    {"ctl rename web old-web", "Make the name free for another one."},
};

constexpr OptionSpec port_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Of all running containers"},
    latest_option,
};
constexpr ArgumentSpec port_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .required = false, .completes = Completes::running_containers},
    {.name = "PORT", .help = "Only this port of the container, 80 or 80/tcp", .required = false},
};
constexpr ExampleSpec port_examples[] = {
    {"ctl port web", "Where its ports are reachable."},
    {"ctl port web 80", "Where port 80 is."},
};

constexpr ArgumentSpec exists_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::containers},
};
constexpr OptionSpec exists_options[] = {
    {.long_name = "external", .help = "Containers of other tools too; there are none in ctl's store, the option is there for scripts"},
};
constexpr ExampleSpec exists_examples[] = {
    {"ctl container exists web || ctl create --name web nginx", "Make it where it is missing."},
};

constexpr OptionSpec prune_options[] = {
    {.long_name = "filter", .value = "FILTER", .repeatable = true,
     .help = "Only those that match: until=TIME (made before a time, or so long ago), label=NAME[=VALUE],\n"
             "label!=NAME[=VALUE]"},
    {.long_name = "force", .short_name = 'f', .help = "Do not ask"},
};
constexpr ExampleSpec prune_examples[] = {
    {"ctl container prune", "Remove what does not run, after a question."},
    {"ctl container prune -f --filter until=24h", "Without the question, what is older than a day."},
};

constexpr OptionSpec cleanup_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All containers that do not run"},
    latest_option,
    {.long_name = "rm", .help = "Remove the container too"},
    {.long_name = "rmi", .help = "Remove its image too"},
};
constexpr ExampleSpec cleanup_examples[] = {
    {"ctl container cleanup -a", "After monitors were killed: what they could not do any more."},
};

constexpr OptionSpec events_options[] = {
    {.long_name = "filter", .short_name = 'f', .value = "FILTER", .repeatable = true,
     .help = "Only those that match: container=, event=, image=, label=, pod=, type=, volume=; values of one key\n"
             "are alternatives"},
    {.long_name = "format", .value = "FORMAT", .help = format_help},
    {.long_name = "no-trunc", .default_text = "true", .help = "Print ids in full; --no-trunc=false shortens them"},
    {.long_name = "since", .value = "TIME", .help = "Begin with what happened since: a time, or how long ago (10m)"},
    {.long_name = "stream", .default_text = "true", .help = "Wait for more; --stream=false ends with what has happened"},
    {.long_name = "until", .value = "TIME", .help = "End with what happened until then"},
};
constexpr ExampleSpec events_examples[] = {
    {"ctl events", "What happens from now on."},
    {"ctl events --since 1h --stream=false", "What happened in the last hour."},
    {"ctl events --filter event=died --format '{{.Name}} {{.ContainerExitCode}}'", "How containers end."},
};

} // namespace

constexpr CommandSpec attach_spec{
    .name = "attach",
    .aliases = "container attach",
    .group = group_run,
    .brief = "Take part in a running container",
    .description = "Shows what the container prints from now on, passes your input on to one that was made with -i, and your "
                   "signals. Any number of terminals may be attached. The exit status is the container's; when you leave with the "
                   "detach keys it is 0 and the container goes on.",
    .examples = attach_examples,
    .arguments = one_running_argument,
    .options = attach_options,
};

constexpr CommandSpec init_spec{
    .name = "init",
    .aliases = "container init",
    .group = group_manage,
    .brief = "Prepare containers without starting their programs",
    .description = "Does everything that a start does but the last step: namespaces, mounts, ports and the control group are there, "
                   "and a process that has not become the container's program yet. `ctl start` lets it begin, `ctl stop` and `ctl rm` "
                   "end it. `ctl exec` and the like have to wait until it has begun. What a container requires is not started by "
                   "this, but by the start.",
    .examples = init_examples,
    .arguments = optional_container_arguments,
    .options = init_options,
};

constexpr CommandSpec restart_spec{
    .name = "restart",
    .aliases = "container restart",
    .group = group_manage,
    .brief = "Stop containers and start them again",
    .description = "Stops those that run as `ctl stop` does, all at the same time, and then starts all of them.",
    .examples = restart_examples,
    .arguments = optional_container_arguments,
    .options = restart_options,
};

constexpr CommandSpec pause_spec{
    .name = "pause",
    .aliases = "container pause",
    .group = group_manage,
    .brief = "Hold all processes of containers",
    .description = "Processes in a control group (containers with limits have one) are frozen and notice nothing. Without one they "
                   "are stopped by SIGSTOP, which a process that watches its children can see.",
    .examples = pause_examples,
    .arguments = optional_running_arguments,
    .options = pause_options,
};

constexpr CommandSpec unpause_spec{
    .name = "unpause",
    .aliases = "container unpause",
    .group = group_manage,
    .brief = "Let the processes of paused containers go on",
    .description = "Undoes `ctl pause`.",
    .examples = unpause_examples,
    .arguments = optional_container_arguments,
    .options = unpause_options,
};

constexpr CommandSpec rename_spec{
    .name = "rename",
    .aliases = "container rename",
    .group = group_manage,
    .brief = "Give a container another name",
    .description = "A running container can be renamed as well. The id stays, and so does the host name inside.",
    .examples = rename_examples,
    .arguments = rename_arguments,
    .options = {},
};

constexpr CommandSpec port_spec{
    .name = "port",
    .aliases = "container port",
    .group = group_manage,
    .brief = "Show where the ports of a container are published",
    .description = "Prints a line for each published port of a running container.",
    .examples = port_examples,
    .arguments = port_arguments,
    .options = port_options,
};

constexpr CommandSpec exists_spec{
    .name = "container exists",
    .group = group_manage,
    .brief = "Tell whether there is a container",
    .description = "Prints nothing. The exit status is 0 when there is one, 1 when there is none, 125 when that cannot be told.",
    .examples = exists_examples,
    .arguments = exists_arguments,
    .options = exists_options,
};

constexpr CommandSpec prune_spec{
    .name = "container prune",
    .group = group_manage,
    .brief = "Remove all containers that do not run",
    .description = "Removes containers that have ended or were never started, with their anonymous volumes, and prints their ids.",
    .examples = prune_examples,
    .arguments = {},
    .options = prune_options,
};

constexpr CommandSpec cleanup_spec{
    .name = "container cleanup",
    .group = group_manage,
    .brief = "Tidy up after containers whose monitor was killed",
    .description = "A container's monitor tidies up when the container ends. Where it was killed before, this does what is left to do: "
                   "the exit record, the control group, the attach socket, and with --rm containers their removal.",
    .examples = cleanup_examples,
    .arguments = optional_container_arguments,
    .options = cleanup_options,
};

constexpr CommandSpec events_spec{
    .name = "events",
    .aliases = "system events",
    .group = group_about,
    .brief = "Show what happens to containers",
    .description = "Prints a line for each event: a container was made, started, died, was removed, and so on. Without --since and "
                   "--until it begins with what happens from now on.",
    .examples = events_examples,
    .arguments = {},
    .options = events_options,
};

} // namespace cli
