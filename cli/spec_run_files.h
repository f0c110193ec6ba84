// Options of run and create about files: mounts, volumes, devices, the root file system. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec files_options[] = {
    {.long_name = "volume", .short_name = 'v', .value = "[SOURCE:]PATH[:OPTIONS]", .repeatable = true,
     .help = "Show a directory of this machine (/dir:/path) or a named volume (name:/path) in the container; a\n"
             "bare path is an anonymous volume",
     .completes = Completes::files},
    {.long_name = "tmpfs", .value = "PATH[:OPTIONS]", .repeatable = true,
     .help = "Mount an empty file system in memory at a path"},
    {.long_name = "shm-size", .value = "SIZE", .default_text = "64m", .help = "Size of /dev/shm"},
    {.long_name = "read-only", .help = "Make the container's root file system read-only"},
};

} // namespace cli
