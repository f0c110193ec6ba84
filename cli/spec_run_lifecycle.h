// Options of run and create about the container as a whole: its name, its image, its end. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec lifecycle_options[] = {
    {.long_name = "name", .value = "NAME", .default_text = "made up", .help = "Name of the container"},
    {.long_name = "replace", .help = "Remove a container of the same name first, even a running one"},
    {.long_name = "no-healthcheck", .help = "Accepted for scripts: no container is checked for its health yet"},
    {.long_name = "rm", .help = "Remove the container and its anonymous volumes when it ends"},
    {.long_name = "label", .short_name = 'l', .value = "NAME[=VALUE]", .repeatable = true,
     .help = "Attach a label to the container"},
    {.long_name = "label-file", .value = "FILE", .repeatable = true,
     .help = "Attach the labels of a file of NAME=VALUE lines", .completes = Completes::files},
    {.long_name = "annotation", .value = "NAME=VALUE", .repeatable = true,
     .help = "Add an annotation to the container's OCI document"},
    {.long_name = "cidfile", .value = "FILE", .help = "Write the container's id to a new file", .completes = Completes::files},
    {.long_name = "pidfile", .value = "FILE", .help = "Write the first process' id to a file at each start",
     .completes = Completes::files},
    {.long_name = "conmon-pidfile", .value = "FILE", .help = "Write the monitor's process id to a file at each start",
     .completes = Completes::files},
    {.long_name = "pull", .value = "POLICY", .default_text = "missing",
     .help = "When to fetch the image: missing, always, never, or newer", .completes = Completes::words,
     .words = "missing always never newer"},
    {.long_name = "disable-content-trust", .help = "Accepted for scripts written for Docker: there is no content trust to disable"},
    {.long_name = "platform", .value = "OS/ARCH[/VARIANT]", .default_text = "this machine's",
     .help = "Platform to choose from an image made for several"},
    {.long_name = "arch", .value = "ARCH", .help = "Architecture to choose, for example arm64"},
    {.long_name = "os", .value = "OS", .help = "Operating system to choose"},
    {.long_name = "variant", .value = "VARIANT", .help = "Variant of the architecture to choose, for example v7"},
    {.long_name = "quiet", .short_name = 'q', .help = "Show no progress of a pull"},
    {.long_name = "requires", .value = "CONTAINER", .repeatable = true,
     .help = "Start these containers before this one; several may be separated by commas", .completes = Completes::containers},
    {.long_name = "restart", .value = "POLICY", .default_text = "no",
     .help = "Start it again when it ends: no, on-failure[:number], always, or unless-stopped (as always, but\n"
             "not at a boot when you had stopped it). The pause before grows from 100 ms to a minute",
     .completes = Completes::words, .words = "no on-failure always unless-stopped"},
    {.long_name = "stop-signal", .value = "SIGNAL", .default_text = "the image's, else SIGTERM",
     .help = "Signal that `ctl stop` sends first"},
    {.long_name = "stop-timeout", .value = "SECONDS", .default_text = "10",
     .help = "How long `ctl stop` waits before it kills"},
    {.long_name = "timeout", .value = "SECONDS", .default_text = "0, none",
     .help = "Kill the container when it has run for this long"},
    {.long_name = "runtime", .value = "NAME|PATH", .default_text = "ctl",
     .help = "The OCI runtime that runs the container: ctl itself, or a program such as crun, runc or runsc, by its path or by a\n"
             "name that [engine.runtimes] of containers.conf or the PATH knows", .completes = Completes::words, .words = "ctl crun runc runsc"},
    {.long_name = "runtime-flag", .value = "FLAG", .repeatable = true, .help = "An option of that runtime, without its dashes: debug"},
    {.long_name = "sdnotify", .value = "MODE", .default_text = "container",
     .help = "Who tells systemd that the service is ready ($NOTIFY_SOCKET): the container itself, conmon (ctl, once\n"
             "it runs), or ignore. The service ends with the container's exit code",
     .completes = Completes::words, .words = "container conmon ignore"},
};

} // namespace cli
