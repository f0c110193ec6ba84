// Options of run and create about the network and names in it. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec network_options[] = {
    {.long_name = "network", .alias = "net", .value = "MODE",
     .help = "Network: default (its own, with published ports), none, host (this machine's), container:NAME (shared\n"
             "with another container), or ns:PATH",
     .completes = Completes::words, .words = "default none host container: ns:"},
    {.long_name = "publish", .short_name = 'p', .value = "[[IP:]PORT:]PORT[/tcp]", .repeatable = true,
     .help = "Make a port of the container reachable on this machine: HOST:CONTAINER, ranges allowed; without a\n"
             "host port a free one is chosen"},
    {.long_name = "hostname", .short_name = 'h', .value = "NAME", .default_text = "start of the id",
     .help = "Host name inside the container"},
};

} // namespace cli
