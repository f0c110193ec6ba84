// The description of run and create. Their options are in cli/spec_run_*.h, a file for each topic.
#include "cli/spec_registry.h"
#include "cli/spec_run_files.h"
#include "cli/spec_run_isolation.h"
#include "cli/spec_run_lifecycle.h"
#include "cli/spec_run_limits.h"
#include "cli/spec_run_logs.h"
#include "cli/spec_run_network.h"
#include "cli/spec_run_process.h"
#include "cli/spec_tables.h"
#include "cli/spec_targets.h"

namespace cli {
namespace {

/// What run and create have in common: everything that shapes the container.
constexpr auto container_options = joined(process_options, lifecycle_options, files_options, network_options, limits_options,
                                          cgroup_options, isolation_options, log_options, authfile_option, tls_option, retry_options, signature_policy_option);

constexpr OptionSpec run_only_options[] = {
    {.long_name = "detach", .short_name = 'd', .help = "Run in the background and print the container's id"},
    detach_keys_option,
    sig_proxy_option,
    {.long_name = "preserve-fds", .value = "NUMBER", .default_text = "0",
     .help = "Keep that many of your descriptors from 3 on open in the container"},
    {.long_name = "preserve-fd", .value = "FD", .repeatable = true, .help = "Keep a descriptor of yours open in the container"},
    {.long_name = "passwd", .default_text = "true",
     .help = "Add entries to the container's passwd and group files for a user that the image does not know"},
    {.long_name = "rmi", .help = "Remove the container and, when no other one uses it, its image at the end"},
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
    {"ctl run --rm -it --rootfs ./debian:O bash", "A shell in a directory, which stays as it is."},
    {"ctl run --rm --network=none --read-only --cap-drop=all alpine id", "The least a container can be given."},
};

constexpr ExampleSpec create_examples[] = {
    {"ctl create --name job alpine sleep 60", "Prepare a container and print its id."},
    {"ctl start -a job", "Start it later and see what it prints."},
};

} // namespace

constexpr CommandSpec run_spec{
    .name = "run",
    .aliases = "container run",
    .group = group_run,
    .brief = "Run a command in a new container",
    .description =
        "Makes a container from an image and starts it. The image is fetched when it is not on this machine. Without -d "
        "ctl stays attached: it prints what the container prints, passes your signals on, and exits with the container's "
        "status. With -it, ctrl-p ctrl-q leaves the container running. Where "
        "containers.conf(5) says something about an option, that is its default.\n\n"
        "The exit status is 125 when ctl itself failed, 126 when the command cannot be executed, 127 when it is not "
        "found, 128 and the signal's number when a signal ended it, and the command's own otherwise.",
    .examples = run_examples,
    .arguments = run_arguments,
    .options = run_options,
    .ends_options_at_argument = true,
};

constexpr CommandSpec create_spec{
    .name = "create",
    .aliases = "container create",
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
