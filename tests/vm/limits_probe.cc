// limits_probe: the shortest way from limits to a process held by them, for tests in the virtual machine: prepare_cgroup,
// place, CgroupWatch, remove_cgroup around a plain child process, in the roles of `ctl run` and its monitor.
//
//   limits_probe [--quota MICROSECONDS] [--memory BYTES] [--pids N] [--attach] COMMAND [ARGUMENT...]
//
// With --attach a second process, outside at first, runs COMMAND and is moved by attach(), as exec does it; the first one
// only holds the cgroup. Prints "cgroup DIRECTORY" before and "oom_kills N status WAIT-STATUS" after the command's run.
// CTL_SCOPE is the path of ctl-scope.
#include "rootless/cgroup.h"

#include "base/error.h"
#include "base/sys.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

/// A child that waits for its go, then executes `argv`.
struct Waiting {
    pid_t pid;
    UniqueFd go;
};

Waiting start_waiting(char** argv) {
    Pipe go = sys::pipe();
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork"};
    if (pid == 0) {
        go.write.reset();
        char byte = 0;
        if (::read(go.read.get(), &byte, 1) != 1) ::_exit(126);
        ::execvp(argv[0], argv);
        ::_exit(127);
    }
    return {pid, std::move(go.write)};
}

int run_limited(const rootless::Limits& limits, bool with_attach, char** command) {
    const char* helper = std::getenv("CTL_SCOPE");
    rootless::CgroupRequest request;
    request.container_id = cat("beef", sys::random_hex(30));
    request.description = "limits probe";
    request.limits = limits;
    request.scope_helper = helper != nullptr ? helper : "";
    rootless::CgroupPlan plan = prepare_cgroup(request, rootless::CgroupHost::detect(Paths::detect()));
    std::string sleep = "sleep";
    std::string forever = "infinity";
    char* holder_argv[] = {sleep.data(), forever.data(), nullptr};
    Waiting first = start_waiting(with_attach ? holder_argv : command);
    Waiting second = start_waiting(command); // stays where the caller's shell is
    place(plan, first.pid);
    std::printf("cgroup %s\n", plan.directory().c_str());
    std::fflush(stdout);
    sys::write_all(first.go.get(), "g", "go");
    rootless::CgroupWatch watch(plan);

    int status = 0;
    if (with_attach) {
        attach(plan, second.pid, first.pid);
        sys::write_all(second.go.get(), "g", "go");
        status = sys::wait_child(second.pid);
        ::kill(first.pid, SIGKILL);
        sys::wait_child(first.pid);
    } else {
        status = sys::wait_child(first.pid);
        second.go.reset(); // no go: it ends
        sys::wait_child(second.pid);
    }
    std::printf("oom_kills %lld status %d\n", static_cast<long long>(watch.oom_kills()), status);
    remove_cgroup(plan);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    rootless::Limits limits;
    bool with_attach = false;
    int at = 1;
    for (; at < argc && std::string_view(argv[at]).starts_with("--"); ++at) {
        const std::string_view option = argv[at];
        if (option == "--attach") with_attach = true;
        if (option == "--quota") limits.cpu_quota = std::atoll(argv[++at]);
        if (option == "--memory") limits.memory = std::atoll(argv[++at]);
        if (option == "--pids") limits.pids = std::atoll(argv[++at]);
    }
    try {
        return run_limited(limits, with_attach, argv + at);
    } catch (const Error& e) {
        std::fprintf(stderr, "limits_probe: %s\n", e.what());
        return e.exit_code;
    }
}
