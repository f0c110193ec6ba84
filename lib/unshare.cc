// See lib/unshare.h.
#include "lib/unshare.h"

#include "base/error.h"
#include "rootless/userns.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace lib {

void unshare(Engine& engine, std::vector<std::string> command) {
    if (engine.paths.uid == 0) throw Error("unshare is for ordinary users: root sees the files as they are");
    if (command.empty()) {
        const char* shell = std::getenv("SHELL");
        command = {shell == nullptr || *shell == '\0' ? "/bin/sh" : shell};
    }
    engine.paths.ensure();
    rootless::enter_userns(engine.load_maps());
    ::setenv("CONTAINERS_GRAPHROOT", engine.paths.data.c_str(), 1);
    ::setenv("CONTAINERS_RUNROOT", engine.paths.runtime.c_str(), 1);
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    ::execvp(words[0], words.data());
    const int error = errno;
    SysError failure(error, cat("execute ", command[0]));
    failure.exit_code = error == ENOENT ? exit_code::not_found : exit_code::not_executable;
    throw failure;
}

} // namespace lib
