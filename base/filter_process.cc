// See base/filter_process.h.
#include "base/filter_process.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <sys/wait.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>

FilterAnswer run_filter(const std::string& path, std::vector<std::string> arguments, std::string_view input, std::size_t limit) {
    Pipe in = sys::pipe(), out = sys::pipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    OnExit free_actions([&] { ::posix_spawn_file_actions_destroy(&actions); });
    ::posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
    std::string program = path;
    std::vector<char*> argv{program.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), environ);
    if (error != 0) throw SysError{error, cat("start ", path)};
    OnExit reap([&] { sys::kill_and_reap(pid); });
    in.read.reset();
    out.write.reset();
    try {
        sys::write_all(in.write.get(), input, path);
    } catch (const SysError& e) {
        if (e.err() != EPIPE) throw; // it may know its answer without reading
    }
    in.write.reset();
    FilterAnswer answer{0, sys::read_to_end(out.read.get(), limit, path)};
    reap.disarm();
    const int status = sys::wait_child(pid);
    answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return answer;
}
