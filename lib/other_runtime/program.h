// Executing another OCI runtime's program, and waiting for its end: never without end, and whatever it says.
#pragma once

#include "base/unique_fd.h"
#include "rootless/launch.h"

#include <sys/types.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace lib {

/// Where a call happens.
struct RuntimePlace {
    int process = -1;     ///< pidfd, or a descriptor of a user namespace: its namespaces are entered. Borrowed. -1: where we are
    int namespaces = 0;   ///< CLONE_NEW*
    bool drops_groups = true; ///< of the caller; not where setgroups(2) is denied, or they are to stay
};

/// What the program inherits, beside a few variables of ours (PATH, HOME, XDG_RUNTIME_DIR, LANG).
struct InheritedStreams {
    std::array<int, 3> stdio{-1, -1, -1}; ///< -1: /dev/null; what goes to 2 is kept for us then
    std::vector<int> preserved;           ///< become 3, 4, …
};

struct ProgramCall {
    std::vector<std::string> words;       ///< an absolute path first
    InheritedStreams streams{};
    RuntimePlace place{};
    rootless::BeforeGo placed{};          ///< called with it before it begins; may be empty
    std::chrono::seconds patience{};
    int as_long_as = -1;                  ///< pidfd: it is killed when that process ends. -1: of nobody
};

struct ProgramEnd {
    int exit_code = 0;                    ///< 128 + n for signal n
    std::string words;                    ///< what it wrote to its standard error, where that was kept, without blanks at the end
};

/// Throws Error, naming the program, when it cannot be started, does not end in time, or is not to go on; it is dead then, with what
/// it has started in its process group.
ProgramEnd run_program(ProgramCall call);

/// A file in memory for what a program writes: as much as it likes, and nobody has to read meanwhile. Throws SysError.
UniqueFd memory_file();
/// From its beginning, at most 1 MiB.
std::string read_memory_file(int fd);

} // namespace lib
