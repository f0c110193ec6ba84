// Options of run and create about resource limits. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec limits_options[] = {
    {.long_name = "cpus", .value = "NUMBER", .default_text = "no limit",
     .help = "Processors' worth of time the container may use, for example 0.5"},
    {.long_name = "memory", .short_name = 'm', .value = "SIZE", .default_text = "no limit",
     .help = "Memory the container may use, for example 512m or 1g"},
    {.long_name = "pids-limit", .value = "NUMBER", .default_text = "no limit",
     .help = "Processes the container may have at a time; -1 for no limit"},
};

} // namespace cli
