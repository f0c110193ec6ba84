// The description of the OCI runtime's commands: `ctl oci …`, and the same under the name ctl-oci. The spelling is that of runc and
// crun, which engines know.
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ArgumentSpec one_id[] = {{.name = "ID", .help = "Id of the container"}};

constexpr OptionSpec group_options[] = {
    {.long_name = "root", .value = "DIR", .default_text = "$XDG_RUNTIME_DIR/ctl-oci, for root /run/ctl-oci", .help = "Where the state of the containers is kept", .completes = Completes::files},
    {.long_name = "log", .value = "FILE", .help = "Write what goes wrong to this file too", .completes = Completes::files},
    {.long_name = "log-format", .value = "FORMAT", .default_text = "text", .help = "Of the log: text or json", .completes = Completes::words, .words = "text json"},
    {.long_name = "debug", .help = "Write to the log what is called, too"},
    {.long_name = "systemd-cgroup", .help = "Let systemd make the cgroups"},
    {.long_name = "cgroup-manager", .value = "MANAGER", .default_text = "cgroupfs", .help = "Who makes the cgroups; disabled makes none", .completes = Completes::words, .words = "cgroupfs systemd disabled"},
    {.long_name = "version", .short_name = 'v', .help = "Show the version"},
};
constexpr ExampleSpec group_examples[] = {
    {"podman --runtime /usr/bin/ctl-oci run -d nginx", "Let Podman make its containers with ctl."},
    {"ctl oci run -b ./bundle web", "Run a bundle: a directory with config.json and a root file system."},
};

constexpr OptionSpec create_options[] = {
    {.long_name = "bundle", .short_name = 'b', .value = "DIR", .default_text = ".", .help = "Directory of the bundle", .completes = Completes::files},
    {.long_name = "config", .short_name = 'f', .value = "FILE", .default_text = "config.json of the bundle", .help = "The document", .completes = Completes::files},
    {.long_name = "pid-file", .value = "FILE", .help = "Write the pid of the container's process to this file", .completes = Completes::files},
    {.long_name = "console-socket", .value = "SOCKET", .help = "Send the terminal's master to this socket", .completes = Completes::files},
    {.long_name = "preserve-fds", .value = "N", .default_text = "0", .help = "Pass N descriptors from 3 on to the program"},
    {.long_name = "no-pivot", .help = "Change the root by moving mounts: for systems that run from an initramfs"},
    {.long_name = "no-new-keyring", .help = "Keep the caller's session keyring"},
};
constexpr OptionSpec run_only_options[] = {
    {.long_name = "detach", .short_name = 'd', .help = "Return once the program runs"},
    {.long_name = "keep", .help = "Do not delete the container when its program has ended"},
};
constexpr auto run_options = joined(create_options, run_only_options);

constexpr ArgumentSpec kill_arguments[] = {
    {.name = "ID", .help = "Id of the container"},
    {.name = "SIGNAL", .help = "Name or number; TERM when none is given", .required = false},
};
constexpr OptionSpec kill_options[] = {{.long_name = "all", .short_name = 'a', .help = "Send it to every process of the container"}};
constexpr OptionSpec delete_options[] = {{.long_name = "force", .short_name = 'f', .help = "Kill it first; a container that does not exist is no error"}};

constexpr ArgumentSpec exec_arguments[] = {
    {.name = "ID", .help = "Id of the container"},
    {.name = "COMMAND", .help = "Program to run; none with --process", .required = false},
    {.name = "ARGUMENT", .help = "Its arguments, dashes included", .required = false, .repeatable = true},
};
constexpr OptionSpec exec_options[] = {
    {.long_name = "process", .short_name = 'p', .value = "FILE", .help = "A process of the specification, as JSON", .completes = Completes::files},
    {.long_name = "cwd", .value = "DIR", .help = "Working directory"},
    {.long_name = "env", .short_name = 'e', .value = "NAME=VALUE", .repeatable = true, .help = "Set an environment variable"},
    {.long_name = "tty", .short_name = 't', .help = "Give it a terminal"},
    {.long_name = "user", .short_name = 'u', .value = "UID[:GID]", .help = "Ids inside the container"},
    {.long_name = "additional-gids", .short_name = 'g', .value = "GID", .repeatable = true, .help = "A further group"},
    {.long_name = "cap", .short_name = 'c', .value = "CAPABILITY", .repeatable = true, .help = "Add a capability"},
    {.long_name = "no-new-privs", .help = "Let it gain no privileges by exec"},
    {.long_name = "apparmor", .value = "PROFILE", .help = "AppArmor profile"},
    {.long_name = "process-label", .value = "LABEL", .help = "SELinux label"},
    {.long_name = "cgroup", .value = "PATH", .help = "Put it into this cgroup below the container's"},
    {.long_name = "detach", .short_name = 'd', .help = "Return once the program runs"},
    {.long_name = "pid-file", .value = "FILE", .help = "Write the pid of the process to this file", .completes = Completes::files},
    {.long_name = "console-socket", .value = "SOCKET", .help = "Send the terminal's master to this socket", .completes = Completes::files},
    {.long_name = "preserve-fds", .value = "N", .default_text = "0", .help = "Pass N descriptors from 3 on to the program"},
    {.long_name = "no-new-keyring", .help = "Keep the caller's session keyring"},
};

constexpr OptionSpec ps_options[] = {
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "table", .help = "table or json", .completes = Completes::words, .words = "table json"},
};
constexpr OptionSpec list_options[] = {
    {.long_name = "quiet", .short_name = 'q', .help = "Print ids only"},
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "table", .help = "table or json", .completes = Completes::words, .words = "table json"},
};
constexpr OptionSpec update_options[] = {
    {.long_name = "resources", .short_name = 'r', .value = "FILE", .help = "linux.resources of the specification as JSON, - for standard input", .completes = Completes::files},
    {.long_name = "blkio-weight", .value = "N", .help = "Weight of its block I/O, 10 to 1000"},
    {.long_name = "cpu-period", .value = "US", .help = "Microseconds of a period of --cpu-quota"},
    {.long_name = "cpu-quota", .value = "US", .help = "Microseconds of CPU time in each period"},
    {.long_name = "cpu-share", .value = "N", .help = "Share of CPU time, 2 to 262144"},
    {.long_name = "cpuset-cpus", .value = "LIST", .help = "Processors it may use"},
    {.long_name = "cpuset-mems", .value = "LIST", .help = "Memory nodes it may use"},
    {.long_name = "memory", .value = "BYTES", .help = "Limit of memory"},
    {.long_name = "memory-reservation", .value = "BYTES", .help = "Memory that is left to it while there is enough"},
    {.long_name = "memory-swap", .value = "BYTES", .help = "Limit of memory and swap together"},
    {.long_name = "pids-limit", .value = "N", .help = "Limit of processes and threads"},
};
constexpr OptionSpec spec_options[] = {
    {.long_name = "bundle", .short_name = 'b', .value = "DIR", .default_text = ".", .help = "Directory to write config.json to", .completes = Completes::files},
    {.long_name = "rootless", .help = "For an ordinary user: with a user namespace that maps her to root"},
};
constexpr OptionSpec events_options[] = {
    {.long_name = "stats", .help = "Print the numbers once"},
    {.long_name = "interval", .value = "DURATION", .default_text = "5s", .help = "Time between two of them"},
};

} // namespace

constexpr CommandSpec oci_group{
    .name = "oci",
    .group = group_groups,
    .brief = "Be the OCI runtime of another engine",
    .description = "The command line of an OCI runtime, as runc and crun have it, so that Podman, containerd and CRI-O can make their containers "
                   "with ctl. The program answers to the name ctl-oci in the same way. These containers belong to the engine that made them: "
                   "`ctl ps` does not show them.",
    .examples = group_examples,
    .arguments = group_arguments,
    .options = group_options,
    .ends_options_at_argument = true,
    .is_group = true,
};
constexpr ExampleSpec create_examples[] = {{"ctl oci create -b ./bundle web", "Make a container that waits for start."}};
constexpr CommandSpec oci_create_spec{.name = "oci create", .group = group_groups, .brief = "Make a container from a bundle", 
    .description = "Makes everything that the bundle's config.json says and runs nothing of it: the container's process waits for `start`.",
    .examples = create_examples, .arguments = one_id, .options = create_options};
constexpr ExampleSpec run_examples[] = {{"ctl oci run -b ./bundle web", "Run it to its end."}};
constexpr CommandSpec oci_run_spec{.name = "oci run", .group = group_groups, .brief = "Make a container, start it and wait for its end",
    .description = "What create, start and delete do, with the program in the foreground.", .examples = run_examples, .arguments = one_id, .options = run_options};
constexpr ExampleSpec start_examples[] = {{"ctl oci start web", "Run the program."}};
constexpr CommandSpec oci_start_spec{.name = "oci start", .group = group_groups, .brief = "Run the program of a container that was made",
    .description = "Runs the program of a container that `create` has made.", .examples = start_examples, .arguments = one_id};
constexpr ExampleSpec state_examples[] = {{"ctl oci state web", "Its state as JSON."}};
constexpr CommandSpec oci_state_spec{.name = "oci state", .group = group_groups, .brief = "Print the state of a container",
    .description = "Prints the state as the runtime specification describes it.", .examples = state_examples, .arguments = one_id};
constexpr ExampleSpec kill_examples[] = {{"ctl oci kill web KILL", "End it at once."}};
constexpr CommandSpec oci_kill_spec{.name = "oci kill", .group = group_groups, .brief = "Send a signal to a container",
    .description = "Sends a signal to the first process of a container.", .examples = kill_examples, .arguments = kill_arguments, .options = kill_options};
constexpr ExampleSpec delete_examples[] = {{"ctl oci delete -f web", "Whatever its state."}};
constexpr CommandSpec oci_delete_spec{.name = "oci delete", .group = group_groups, .brief = "Delete a container that has stopped",
    .description = "Removes what the runtime keeps of a container and its cgroup. The bundle stays.", .examples = delete_examples, .arguments = one_id, .options = delete_options};
constexpr ExampleSpec exec_examples[] = {{"ctl oci exec -t web sh", "A shell in it."}};
constexpr CommandSpec oci_exec_spec{.name = "oci exec", .group = group_groups, .brief = "Run a further process in a container",
    .description = "Runs a further process. What is not asked for is as config.json has it for the container's own process.",
    .examples = exec_examples, .arguments = exec_arguments, .options = exec_options, .ends_options_at_argument = true};
constexpr ExampleSpec ps_examples[] = {{"ctl oci ps web", "The pids of its processes."}};
constexpr CommandSpec oci_ps_spec{.name = "oci ps", .group = group_groups, .brief = "List the processes of a container",
    .description = "Lists the pids of all processes of a container, as the caller sees them.", .examples = ps_examples, .arguments = one_id, .options = ps_options};
constexpr ExampleSpec list_examples[] = {{"ctl oci list", "All of them."}};
constexpr CommandSpec oci_list_spec{.name = "oci list", .group = group_groups, .brief = "List the containers of this runtime",
    .description = "Lists the containers below --root.", .examples = list_examples, .options = list_options};
constexpr ExampleSpec pause_examples[] = {{"ctl oci pause web", "Hold all its processes."}};
constexpr CommandSpec oci_pause_spec{.name = "oci pause", .group = group_groups, .brief = "Hold all processes of a container",
    .description = "Freezes the container's cgroup.", .examples = pause_examples, .arguments = one_id};
constexpr ExampleSpec resume_examples[] = {{"ctl oci resume web", "Let them go on."}};
constexpr CommandSpec oci_resume_spec{.name = "oci resume", .group = group_groups, .brief = "Let a paused container go on",
    .description = "Thaws the container's cgroup.", .examples = resume_examples, .arguments = one_id};
constexpr ExampleSpec update_examples[] = {{"ctl oci update --memory 268435456 web", "256 MiB from now on."}};
constexpr CommandSpec oci_update_spec{.name = "oci update", .group = group_groups, .brief = "Change the limits of a container",
    .description = "Sets limits of a container that is there; those that are not named stay.", .examples = update_examples, .arguments = one_id, .options = update_options};
constexpr ExampleSpec features_examples[] = {{"ctl oci features", "As JSON."}};
constexpr CommandSpec oci_features_spec{.name = "oci features", .group = group_groups, .brief = "Tell what this runtime can do",
    .description = "Prints the features structure of the runtime specification (features.md).", .examples = features_examples};
constexpr ExampleSpec spec_examples[] = {{"ctl oci spec --rootless", "A config.json to begin with."}};
constexpr CommandSpec oci_spec_spec{.name = "oci spec", .group = group_groups, .brief = "Write a config.json to begin with",
    .description = "Writes a config.json that runs a shell in the directory rootfs of the bundle. One that is there is not replaced.",
    .examples = spec_examples, .options = spec_options};
constexpr ExampleSpec events_examples[] = {{"ctl oci events --stats web", "What it uses, once."}};
constexpr CommandSpec oci_events_spec{.name = "oci events", .group = group_groups, .brief = "Print what a container uses, and its OOM kills",
    .description = "Prints a line of JSON at each interval with the numbers of the container's cgroup, and one for each OOM kill.",
    .examples = events_examples, .arguments = one_id, .options = events_options};

} // namespace cli
