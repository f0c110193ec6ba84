// The description of run and create.
#include "cli/spec_tables.h"

namespace cli {
namespace {

/// What run and create have in common: everything that shapes the container.
constexpr OptionSpec container_options[] = {
    {.long_name = "interactive", .short_name = 'i', .help = "Keep standard input open and pass it to the container"},
    {.long_name = "tty", .short_name = 't', .help = "Give the container a terminal"},
    {.long_name = "rm", .help = "Remove the container and its anonymous volumes when it ends"},
    {.long_name = "name", .value = "NAME", .default_text = "made up", .help = "Name of the container"},
    {.long_name = "env", .short_name = 'e', .value = "NAME[=VALUE]", .repeatable = true,
     .help = "Set an environment variable; without =VALUE your own value is passed on, with a final * those of\n"
             "all names that match"},
    {.long_name = "env-file", .value = "FILE", .repeatable = true,
     .help = "Set the environment variables of a file of NAME=VALUE lines", .completes = Completes::files},
    {.long_name = "volume", .short_name = 'v', .value = "[SOURCE:]PATH[:OPTIONS]", .repeatable = true,
     .help = "Show a directory of this machine (/dir:/path) or a named volume (name:/path) in the container; a\n"
             "bare path is an anonymous volume",
     .completes = Completes::files},
    {.long_name = "tmpfs", .value = "PATH[:OPTIONS]", .repeatable = true,
     .help = "Mount an empty file system in memory at a path"},
    {.long_name = "workdir", .short_name = 'w', .value = "DIR", .default_text = "the image's",
     .help = "Directory the command starts in"},
    {.long_name = "user", .short_name = 'u', .value = "USER[:GROUP]", .default_text = "the image's",
     .help = "User the command runs as, by name or number"},
    {.long_name = "entrypoint", .value = "COMMAND", .default_text = "the image's",
     .help = "Command in place of the image's entry point: one word, or a JSON list of words; \"\" clears it"},
    {.long_name = "hostname", .short_name = 'h', .value = "NAME", .default_text = "start of the id",
     .help = "Host name inside the container"},
    {.long_name = "label", .short_name = 'l', .value = "NAME[=VALUE]", .repeatable = true,
     .help = "Attach a label to the container"},
    {.long_name = "publish", .short_name = 'p', .value = "[[IP:]PORT:]PORT[/tcp]", .repeatable = true,
     .help = "Make a port of the container reachable on this machine: HOST:CONTAINER, ranges allowed; without a\n"
             "host port a free one is chosen"},
    {.long_name = "network", .alias = "net", .value = "MODE",
     .help = "Network: default (its own, with published ports), none, or host (this machine's)",
     .completes = Completes::words, .words = "default none host"},
    {.long_name = "cpus", .value = "NUMBER", .default_text = "no limit",
     .help = "Processors' worth of time the container may use, for example 0.5"},
    {.long_name = "memory", .short_name = 'm', .value = "SIZE", .default_text = "no limit",
     .help = "Memory the container may use, for example 512m or 1g"},
    {.long_name = "pids-limit", .value = "NUMBER", .default_text = "no limit",
     .help = "Processes the container may have at a time; -1 for no limit"},
    {.long_name = "read-only", .help = "Make the container's root file system read-only"},
    {.long_name = "cap-add", .value = "CAPABILITY", .repeatable = true,
     .help = "Give the container a capability beyond the default ones; \"all\" for all"},
    {.long_name = "cap-drop", .value = "CAPABILITY", .repeatable = true,
     .help = "Take a capability from the container; \"all\" for all"},
    {.long_name = "security-opt", .value = "OPTION", .repeatable = true,
     .help = "no-new-privileges, seccomp=unconfined, or seccomp=FILE for a filter of your own"},
    {.long_name = "privileged",
     .help = "Lift the barriers inside: all capabilities, no seccomp filter, nothing masked. It gains no rights\n"
             "that you do not have yourself"},
    {.long_name = "userns", .value = "MODE", .help = "User namespace; only the default map is supported yet"},
    {.long_name = "init", .help = "Run a small init as process 1 that forwards signals and reaps processes"},
    {.long_name = "stop-signal", .value = "SIGNAL", .default_text = "the image's, else SIGTERM",
     .help = "Signal that `ctl stop` sends first"},
    {.long_name = "stop-timeout", .value = "SECONDS", .default_text = "10",
     .help = "How long `ctl stop` waits before it kills"},
    {.long_name = "pull", .value = "POLICY", .default_text = "missing",
     .help = "When to fetch the image: missing, always, never, or newer", .completes = Completes::words,
     .words = "missing always never newer"},
};

constexpr OptionSpec run_only_options[] = {
    {.long_name = "detach", .short_name = 'd', .help = "Run in the background and print the container's id"},
};

constexpr auto run_options = joined(run_only_options, container_options);

constexpr ArgumentSpec run_arguments[] = {
    {.name = "IMAGE", .help = "Image to run, as name, name:tag, name@digest or id; fetched when it is not here",
     .completes = Completes::images},
    {.name = "COMMAND", .help = "Command to run in the container; the image's when none is given", .required = false},
    {.name = "ARGUMENT", .help = "Its arguments, dashes included", .required = false, .repeatable = true},
};

constexpr ExampleSpec run_examples[] = {
    {"ctl run --rm -it debian bash", "A shell in a new Debian container that vanishes at the end."},
    {"ctl run -d --name web -p 8080:80 nginx", "A web server in the background, reachable on port 8080."},
    {"ctl run --rm --cpus=0.5 -m 512m alpine sh -c 'make -j4'", "A command held to half a processor and 512 MiB."},
    {"ctl run --rm -v \"$PWD\":/src -w /src gcc make", "A compiler on your own files; what it makes is yours."},
    {"ctl run --rm --network=none --read-only --cap-drop=all alpine id", "The least a container can be given."},
};

constexpr ExampleSpec create_examples[] = {
    {"ctl create --name job alpine sleep 60", "Prepare a container and print its id."},
    {"ctl start -a job", "Start it later and see what it prints."},
};

} // namespace

constexpr CommandSpec run_spec{
    .name = "run",
    .group = group_run,
    .brief = "Run a command in a new container",
    .description =
        "Makes a container from an image and starts it. The image is fetched when it is not on this machine. Without -d "
        "ctl stays attached: it prints what the container prints, passes your signals on, and exits with the container's "
        "status. With -it, ctrl-p ctrl-q leaves the container running.\n\n"
        "The exit status is 125 when ctl itself failed, 126 when the command cannot be executed, 127 when it is not "
        "found, 128 and the signal's number when a signal ended it, and the command's own otherwise.",
    .examples = run_examples,
    .arguments = run_arguments,
    .options = run_options,
    .ends_options_at_argument = true,
};

constexpr CommandSpec create_spec{
    .name = "create",
    .group = group_run,
    .brief = "Make a container without starting it",
    .description = "Does what `ctl run` does up to the start: the image is fetched, the container recorded, its id printed. "
                   "`ctl start` starts it.",
    .examples = create_examples,
    .arguments = run_arguments,
    .options = container_options,
    .ends_options_at_argument = true,
};

} // namespace cli
