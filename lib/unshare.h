// unshare: a command among the files as the store's user namespace shows them.
#pragma once

#include "lib/engine.h"

#include <string>
#include <vector>

namespace lib {

/// Moves this process into a user namespace with the store's maps and a mount namespace of its own, and executes `command`
/// (the user's shell where it is empty) there. Does not return. Throws Error with exit code 126 or 127 where it cannot be executed.
[[noreturn]] void unshare(Engine& engine, std::vector<std::string> command);

} // namespace lib
