// Options of run and create about what becomes of the container's output. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec log_options[] = {
    {.long_name = "log-driver", .value = "DRIVER", .default_text = "k8s-file",
     .help = "Where the output is kept: k8s-file or json-file (rotated files), journald, none; or passthrough or\n"
             "passthrough-tty, with which the container gets your own standard streams and nothing is kept",
     .completes = Completes::words, .words = "k8s-file json-file journald none passthrough passthrough-tty"},
    {.long_name = "log-opt", .value = "KEY=VALUE", .repeatable = true,
     .help = "max-size=SIZE of one log file (20m; -1 for no limit), max-file=NUMBER of files kept (5), path=FILE\n"
             "for the files, tag=TEXT for journald and json-file, with {{.Name}}, {{.ID}} and the like",
     .completes = Completes::words, .words = "max-size= max-file= path= tag="},
};

} // namespace cli
