// Options of run and create about the process: its words, environment, user, streams. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec process_options[] = {
    {.long_name = "entrypoint", .value = "COMMAND", .default_text = "the image's",
     .help = "Command in place of the image's entry point: one word, or a JSON list of words; \"\" clears it"},
    {.long_name = "env", .short_name = 'e', .value = "NAME[=VALUE]", .repeatable = true,
     .help = "Set an environment variable; without =VALUE your own value is passed on, with a final * those of\n"
             "all names that match"},
    {.long_name = "env-file", .value = "FILE", .repeatable = true,
     .help = "Set the environment variables of a file of NAME=VALUE lines", .completes = Completes::files},
    {.long_name = "workdir", .short_name = 'w', .value = "DIR", .default_text = "the image's",
     .help = "Directory the command starts in"},
    {.long_name = "user", .short_name = 'u', .value = "USER[:GROUP]", .default_text = "the image's",
     .help = "User the command runs as, by name or number"},
    {.long_name = "interactive", .short_name = 'i', .help = "Keep standard input open and pass it to the container"},
    {.long_name = "tty", .short_name = 't', .help = "Give the container a terminal"},
    {.long_name = "init", .help = "Run a small init as process 1 that forwards signals and reaps processes"},
};

} // namespace cli
