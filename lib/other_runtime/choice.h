// Which OCI runtime runs a container: ctl's own, or with --runtime somebody else's.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace lib {

/// An OCI runtime that is not ours. Empty: ctl's own.
struct OtherRuntime {
    std::string name;               ///< as the user calls it
    std::string path;               ///< absolute
    std::vector<std::string> flags; ///< --runtime-flag: options of the program that come before its command, with their dashes

    bool empty() const { return path.empty(); }
};

/// The programs whose options ctl knows. What it does not know is called with what the OCI command line has in common.
enum class RuntimeKind { crun, runc, runsc, unknown };
RuntimeKind kind_of(const OtherRuntime& runtime);

/// `name`: "ctl" or empty for our own, a path, or a name that `configured` (containers.conf's [engine.runtimes]) or the usual
/// directories know. `flags` are as --runtime-flag has them, without dashes. Throws Error that says where it was looked for.
OtherRuntime choose_runtime(const std::string& name, const std::vector<std::string>& flags,
                            const std::map<std::string, std::vector<std::string>>& configured);

} // namespace lib
