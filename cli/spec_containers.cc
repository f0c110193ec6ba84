// The description of the commands that act on containers that exist.
#include "cli/spec_tables.h"
#include "cli/spec_targets.h"

namespace cli {
namespace {

constexpr OptionSpec start_options[] = {
    {.long_name = "all", .help = "All containers that do not run"},
    filter_option,
    {.long_name = "attach", .short_name = 'a', .help = "Stay, print what the container prints, exit with its status"},
    {.long_name = "interactive", .short_name = 'i',
     .help = "With --attach, pass standard input to a container that was made with -i"},
    detach_keys_option,
    latest_option,
    {.long_name = "sig-proxy", .default_text = "true when attached",
     .help = "Pass your signals on to the container; --sig-proxy=false keeps them"},
};
constexpr ExampleSpec start_examples[] = {
    {"ctl start web", "Start a container again that has been stopped, or that `ctl create` made."},
    {"ctl start -ai shell", "Start it and take part in it."},
};

constexpr OptionSpec stop_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All running containers"},
    cidfile_option,
    filter_option,
    {.long_name = "ignore", .short_name = 'i', .help = "A container that is not there is no error"},
    latest_option,
    {.long_name = "time", .alias = "timeout", .short_name = 't', .value = "SECONDS", .default_text = "the container's, 10",
     .help = "How long to wait after the stop signal before killing"},
};
constexpr ExampleSpec stop_examples[] = {
    {"ctl stop web", "Ask it to end, kill it after 10 seconds."},
    {"ctl stop -t 0 web", "Kill it at once."},
    {"ctl stop -a", "Stop all containers."},
    {"ctl stop --filter label=project=blog", "Stop those with a label."},
};

constexpr OptionSpec kill_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All running containers"},
    cidfile_option,
    latest_option,
    {.long_name = "signal", .short_name = 's', .value = "SIGNAL", .default_text = "KILL",
     .help = "Signal to send, by name or number", .completes = Completes::words,
     .words = "HUP INT QUIT KILL USR1 USR2 TERM CONT STOP WINCH"},
};
constexpr ExampleSpec kill_examples[] = {
    {"ctl kill web", "End it without asking."},
    {"ctl kill -s HUP web", "Make a server read its configuration again."},
};

constexpr OptionSpec rm_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "All containers"},
    cidfile_option,
    {.long_name = "filter", .value = "KEY=VALUE", .repeatable = true, .help = filter_help},
    {.long_name = "depend", .help = "Remove those that require it too"},
    {.long_name = "ignore", .short_name = 'i', .help = "A container that is not there is no error"},
    latest_option,
    {.long_name = "force", .short_name = 'f', .help = "Kill it first when it runs; a container that is not there is no error"},
    {.long_name = "volumes", .short_name = 'v', .help = "Remove its anonymous volumes too"},
    {.long_name = "time", .short_name = 't', .value = "SECONDS", .default_text = "kill at once",
     .help = "With --force, stop it and wait this long before killing"},
};
constexpr ExampleSpec rm_examples[] = {
    {"ctl rm web", "Remove a container that has ended."},
    {"ctl rm -f web", "Remove it even while it runs."},
    {"ctl rm -fa", "Remove all containers, running ones included."},
    {"ctl rm --filter status=exited --filter ancestor=alpine", "Remove what has ended of one image."},
};

constexpr OptionSpec wait_options[] = {
    {.long_name = "condition", .value = "CONDITION", .repeatable = true, .default_text = "stopped",
     .help = "What to wait for; of several the first that holds",
     .completes = Completes::words,
     .words = "configured created exited initialized paused removing running stopped stopping unknown"},
    {.long_name = "ignore", .help = "A container that is not there is no error"},
    {.long_name = "interval", .short_name = 'i', .value = "TIME", .default_text = "250ms",
     .help = "How often to look for what nobody announces: 2s, 500ms, or a number of milliseconds"},
    latest_option,
};
constexpr ExampleSpec wait_examples[] = {
    {"ctl wait job", "Wait until it has ended and print its exit code."},
    {"ctl wait --condition running web", "Wait until it has been started."},
};

constexpr OptionSpec exec_options[] = {
    {.long_name = "detach", .short_name = 'd', .help = "Do not wait for the command; print an id under which `ctl inspect` tells its end"},
    {.long_name = "interactive", .short_name = 'i', .help = "Pass standard input to the command"},
    {.long_name = "tty", .short_name = 't', .help = "Give the command a terminal"},
    {.long_name = "env", .short_name = 'e', .value = "NAME[=VALUE]", .repeatable = true,
     .help = "Set an environment variable; without =VALUE your own value is passed on"},
    {.long_name = "env-file", .value = "FILE", .repeatable = true,
     .help = "Set the environment variables of a file of NAME=VALUE lines", .completes = Completes::files},
    {.long_name = "workdir", .short_name = 'w', .value = "DIR", .default_text = "the container's",
     .help = "Directory the command starts in"},
    {.long_name = "user", .short_name = 'u', .value = "USER[:GROUP]", .default_text = "the container's",
     .help = "User the command runs as, by name or number"},
    {.long_name = "privileged", .help = "Give the command all capabilities"},
    {.long_name = "latest", .short_name = 'l', .help = "The container that was made last, in place of CONTAINER"},
    {.long_name = "cidfile", .value = "FILE", .help = "The container whose id is in a file, in place of CONTAINER",
     .completes = Completes::files},
    {.long_name = "preserve-fds", .value = "NUMBER", .default_text = "0",
     .help = "Keep that many of your descriptors from 3 on open in the command"},
    {.long_name = "preserve-fd", .value = "FD", .repeatable = true, .help = "Keep a descriptor of yours open in the command"},
    detach_keys_option,
};
constexpr ArgumentSpec exec_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id; it must be running", .required = false,
     .completes = Completes::running_containers},
    {.name = "COMMAND", .help = "Command to run", .required = false},
    {.name = "ARGUMENT", .help = "Its arguments, dashes included", .required = false, .repeatable = true},
};
constexpr ExampleSpec exec_examples[] = {
    {"ctl exec -it web sh", "A shell in a running container."},
    {"ctl exec web nginx -t", "One command, its status as exit status."},
    {"ctl exec -u root -w /etc web ls", "As another user, in another directory."},
    {"ctl exec -d web nginx -s reload", "In the background; what became of it is in `ctl inspect web`."},
};

} // namespace

constexpr CommandSpec start_spec{
    .name = "start",
    .aliases = "container start",
    .group = group_manage,
    .brief = "Start containers that exist",
    .description = "Starts containers that `ctl create` has made or that have ended, at the same time. Without --attach the names "
                   "are printed once they run; with it ctl stays with the one container, also when it runs already. What a "
                   "container requires (`ctl run --requires`) is started before it.",
    .examples = start_examples,
    .arguments = optional_container_arguments,
    .options = start_options,
};

constexpr CommandSpec stop_spec{
    .name = "stop",
    .aliases = "container stop",
    .group = group_manage,
    .brief = "Stop running containers",
    .description = "Sends the container's stop signal (SIGTERM, unless its image or --stop-signal said otherwise), waits, and "
                   "kills what is left. Several are stopped at the same time. Stopping a container that does not run is no error. "
                   "Whatever --restart says, it is not started again by itself.",
    .examples = stop_examples,
    .arguments = optional_running_arguments,
    .options = stop_options,
};

constexpr CommandSpec kill_spec{
    .name = "kill",
    .aliases = "container kill",
    .group = group_manage,
    .brief = "Send a signal to running containers",
    .description = "Sends SIGKILL, or the signal of --signal, to the first process of each container.",
    .examples = kill_examples,
    .arguments = optional_running_arguments,
    .options = kill_options,
};

constexpr CommandSpec rm_spec{
    .name = "rm",
    .aliases = "container rm",
    .group = group_manage,
    .brief = "Remove containers",
    .description = "Removes containers and everything they wrote outside of volumes. One that runs is refused, unless --force "
                   "is given; so is one that others require. Named volumes are never removed.\n\n"
                   "The exit status is 1 when there is no such container, 2 when one runs.",
    .examples = rm_examples,
    .arguments = optional_container_arguments,
    .options = rm_options,
};

constexpr CommandSpec wait_spec{
    .name = "wait",
    .aliases = "container wait",
    .group = group_manage,
    .brief = "Wait until containers have ended",
    .description = "Waits for each container and prints its exit code, one per line. One that has ended already is answered "
                   "at once. For a --condition other than stopped and exited -1 is printed.",
    .examples = wait_examples,
    .arguments = optional_container_arguments,
    .options = wait_options,
};

constexpr CommandSpec exec_spec{
    .name = "exec",
    .aliases = "container exec",
    .group = group_run,
    .brief = "Run a command in a running container",
    .description = "Runs another command beside the container's own, in the same namespaces, limits and file system. The exit "
                   "status is the command's; 125, 126 and 127 mean the same as for `ctl run`.",
    .examples = exec_examples,
    .arguments = exec_arguments,
    .options = exec_options,
    .ends_options_at_argument = true,
};

} // namespace cli
