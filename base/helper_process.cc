// Helper programs; see base/helper_process.h.
#include "base/helper_process.h"

#include "base/on_exit.h"
#include "base/sys.h"

#include <sys/wait.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <utility>

HelperProcess::HelperProcess(std::string path, std::vector<std::string> arguments, Output output) : path_(std::move(path)) {
    std::vector<char*> argv{path_.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    char* const envp[] = {nullptr};

    Pipe complaint = sys::pipe();
    Pipe words = output == Output::piped ? sys::pipe() : Pipe{};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    OnExit free_actions([&] { ::posix_spawn_file_actions_destroy(&actions); });
    ::posix_spawn_file_actions_adddup2(&actions, complaint.write.get(), STDERR_FILENO);
    if (words.write) ::posix_spawn_file_actions_adddup2(&actions, words.write.get(), STDOUT_FILENO);
    posix_spawnattr_t attributes; // our callers block signals while they launch; the helper must not
    ::posix_spawnattr_init(&attributes);
    OnExit free_attributes([&] { ::posix_spawnattr_destroy(&attributes); });
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    const int error = ::posix_spawn(&pid_, path_.c_str(), &actions, &attributes, argv.data(), envp);
    if (error != 0) throw SysError{error, cat("start ", path_)};
    complaint_ = std::move(complaint.read);
    output_ = std::move(words.read);
}

HelperProcess::~HelperProcess() {
    output_.reset();
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

std::optional<std::string> HelperProcess::finish() {
    std::string text = sys::read_to_end(complaint_.get(), 1 << 16, path_);
    const int status = sys::wait_child(std::exchange(pid_, -1));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}
