// See lib/runtime/hooks.h.
#include "lib/runtime/hooks.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "rootless/exit_status.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace lib::runtime {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

/// Ours are shut before a stranger's program begins; the signals are as a fresh login has them.
[[noreturn]] void become_hook(const oci::Hook& hook, int input) {
    const std::vector<std::string> path_alone{hook.path};
    const std::vector<char*> args = pointers(hook.args.empty() ? path_alone : hook.args), env = pointers(hook.env);
    ::dup2(input, STDIN_FILENO);
    sys::cloexec_from(3);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(hook.path.c_str(), args.data(), env.data());
    ::_exit(errno == ENOENT ? exit_code::not_found : exit_code::not_executable);
}

/// The process between: it goes where the container is, and its child is in the container's pid namespace too.
[[noreturn]] void enter_and_run(const oci::Hook& hook, const HookPlace& place, int input) {
    if (::setns(place.container_pidfd, place.namespaces) != 0) ::_exit(exit_code::engine_error);
    if ((place.namespaces & CLONE_NEWUSER) != 0 && (::syscall(SYS_setresgid, 0, 0, 0) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0))
        ::_exit(exit_code::engine_error);
    const pid_t pid = ::fork();
    if (pid < 0) ::_exit(exit_code::engine_error);
    if (pid == 0) become_hook(hook, input);
    ::_exit(rootless::exit_code_of(sys::wait_child(pid)));
}

/// Gives it the state, which it need not read, and waits.
int finish_hook(const oci::Hook& hook, const char* kind, pid_t pid, UniqueFd input, const std::string& state) {
    OnExit reap([&] {
        ::kill(-pid, SIGKILL); // what it has started too
        sys::kill_and_reap(pid);
    });
    const auto pidfd = sys::pidfd_open(pid);
    try {
        sys::write_all(input.get(), state, "state for a hook");
    } catch (const SysError& e) {
        if (e.err() != EPIPE) throw;
    }
    input.reset();
    const auto patience = std::chrono::seconds(hook.timeout.value_or(0));
    if (hook.timeout && pidfd && !sys::wait_readable(pidfd->get(), patience))
        throw Error(kind, " hook ", hook.path, " did not end within its ", *hook.timeout, " s");
    reap.disarm();
    return rootless::exit_code_of(sys::wait_child(pid));
}

void run_hook(const oci::Hook& hook, const char* kind, const std::string& state, const HookPlace& place) {
    Pipe input = sys::pipe();
    // A state is a few hundred bytes and its annotations: where the pipe is too small, the writing waits for the reader.
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid == 0) {
        ::setpgid(0, 0);
        input.write.reset();
        if (place.container_pidfd >= 0) enter_and_run(hook, place, input.read.get());
        become_hook(hook, input.read.get());
    }
    ::setpgid(pid, pid);
    input.read.reset();
    const int code = finish_hook(hook, kind, pid, std::move(input.write), state);
    if (code == exit_code::not_found) throw Error(kind, " hook ", hook.path, " cannot be run: no such program, or it ended with 127");
    if (code != 0) throw Error(kind, " hook ", hook.path, " failed with exit code ", code);
}

} // namespace

void run_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const std::string& state, const HookPlace& place) {
    for (const oci::Hook& hook : hooks) run_hook(hook, kind, state, place);
}

} // namespace lib::runtime
