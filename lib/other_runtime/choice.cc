// See lib/other_runtime/choice.h.
#include "lib/other_runtime/choice.h"

#include "base/error.h"
#include "lib/new_record.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace lib {
namespace {

/// Of a distribution or of the administrator, where an ordinary user's PATH need not lead (containers.conf(5), [engine.runtimes]).
constexpr const char* usual_directories[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/sbin", "/bin", "/run/current-system/sw/bin"};

bool is_program(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> candidates(const std::string& name, const std::map<std::string, std::vector<std::string>>& configured) {
    if (name.find('/') != std::string::npos) return {absolute_path(name)};
    if (const auto found = configured.find(name); found != configured.end()) return found->second;
    std::vector<std::string> paths;
    const char* variable = std::getenv("PATH");
    std::istringstream directories(variable != nullptr ? variable : "");
    for (std::string directory; std::getline(directories, directory, ':');)
        if (directory.starts_with('/')) paths.push_back(cat(directory, "/", name));
    for (const char* directory : usual_directories) paths.push_back(cat(directory, "/", name));
    return paths;
}

} // namespace

RuntimeKind kind_of(const OtherRuntime& runtime) {
    const std::string program = runtime.path.substr(runtime.path.find_last_of('/') + 1);
    if (program == "crun" || program == "krun") return RuntimeKind::crun;
    if (program == "runc") return RuntimeKind::runc;
    if (program == "runsc") return RuntimeKind::runsc;
    return RuntimeKind::unknown;
}

OtherRuntime choose_runtime(const std::string& name, const std::vector<std::string>& flags,
                            const std::map<std::string, std::vector<std::string>>& configured) {
    if (name.empty() || name == "ctl") {
        if (!flags.empty()) throw Error("--runtime-flag ", flags.front(), ": is for another runtime, which --runtime names");
        return {};
    }
    OtherRuntime runtime{name, "", {}};
    for (const std::string& flag : flags) runtime.flags.push_back(cat(flag.starts_with('-') ? "" : "--", flag));
    for (const std::string& path : candidates(name, configured)) {
        if (!is_program(path)) continue;
        runtime.path = path;
        return runtime;
    }
    if (name.find('/') != std::string::npos) throw Error("--runtime ", name, ": there is no such program, or it cannot be executed");
    if (configured.contains(name)) throw Error("--runtime ", name, ": none of the programs that [engine.runtimes] of containers.conf names for it is there");
    throw Error("--runtime ", name, ": no such program on the PATH or in the usual directories: install it, give its path, or name it in "
                "[engine.runtimes] of containers.conf");
}

} // namespace lib
