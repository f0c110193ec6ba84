// Options of run and create about the container as a whole: its name, its image, its end. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec lifecycle_options[] = {
    {.long_name = "name", .value = "NAME", .default_text = "made up", .help = "Name of the container"},
    {.long_name = "rm", .help = "Remove the container and its anonymous volumes when it ends"},
    {.long_name = "label", .short_name = 'l', .value = "NAME[=VALUE]", .repeatable = true,
     .help = "Attach a label to the container"},
    {.long_name = "pull", .value = "POLICY", .default_text = "missing",
     .help = "When to fetch the image: missing, always, never, or newer", .completes = Completes::words,
     .words = "missing always never newer"},
    {.long_name = "stop-signal", .value = "SIGNAL", .default_text = "the image's, else SIGTERM",
     .help = "Signal that `ctl stop` sends first"},
    {.long_name = "stop-timeout", .value = "SECONDS", .default_text = "10",
     .help = "How long `ctl stop` waits before it kills"},
};

} // namespace cli
