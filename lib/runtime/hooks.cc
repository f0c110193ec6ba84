// See lib/runtime/hooks.h.
#include "lib/runtime/hooks.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "rootless/exit_status.h"

#include <sys/mman.h>
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

/// The state as a file that only the hook has, so that nobody has to wait until it is read.
UniqueFd state_file(const std::string& state) {
    UniqueFd file(::memfd_create("state", MFD_CLOEXEC));
    if (!file) throw SysError{errno, "memfd_create"};
    sys::write_all(file.get(), state, "state for a hook");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw SysError{errno, "lseek"};
    return file;
}

/// `group`: whether it leads a process group, which ends with it.
void await_hook(const oci::Hook& hook, const char* kind, pid_t pid, bool group) {
    OnExit reap([&] {
        if (group) ::kill(-pid, SIGKILL); // what it has started too
        sys::kill_and_reap(pid);
    });
    const auto pidfd = sys::pidfd_open(pid);
    if (hook.timeout && pidfd && !sys::wait_readable(pidfd->get(), std::chrono::seconds(*hook.timeout)))
        throw Error(kind, " hook ", hook.path, " did not end within its ", *hook.timeout, " s");
    reap.disarm();
    const int code = rootless::exit_code_of(sys::wait_child(pid));
    if (code == exit_code::not_found) throw Error(kind, " hook ", hook.path, " cannot be run: no such program, or it ended with 127");
    if (code != 0) throw Error(kind, " hook ", hook.path, " failed with exit code ", code);
}

void run_hook(const oci::Hook& hook, const char* kind, const std::string& state, const HookPlace& place) {
    const UniqueFd input = state_file(state);
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid == 0) {
        ::setpgid(0, 0);
        if (place.container_pidfd >= 0) enter_and_run(hook, place, input.get());
        become_hook(hook, input.get());
    }
    ::setpgid(pid, pid);
    await_hook(hook, kind, pid, true);
}

} // namespace

void run_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const std::string& state, const HookPlace& place) {
    for (const oci::Hook& hook : hooks) run_hook(hook, kind, state, place);
}

void try_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const std::string& state, const std::function<void(const std::string&)>& warn) {
    for (const oci::Hook& hook : hooks) {
        try {
            run_hook(hook, kind, state, {});
        } catch (const Error& e) {
            warn(e.what());
        }
    }
}

void run_container_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const std::string& state, const RunInside& run) {
    for (const oci::Hook& hook : hooks) {
        const UniqueFd input = state_file(state);
        pid_t pid = -1;
        try {
            pid = run(hook, input.get());
        } catch (Error& e) {
            e.add_context(cat(kind, " hook ", hook.path));
            throw;
        }
        await_hook(hook, kind, pid, false);
    }
}

} // namespace lib::runtime
