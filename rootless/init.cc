// Zone C: `--init`, the container's pid 1 where its own program does not reap.
//
// It is the forked image of ctl, never executed, so /proc/1/exe would name ctl's file: PR_SET_DUMPABLE 0 closes it, because
// the memory still belongs to the host's user namespace, in which nobody inside the container has a capability.
#include "rootless/child_internal.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace rootless::child {

/// Neither the host's command line nor the container's name is anybody's business inside.
void set_name(std::span<char> title, const char* name) noexcept {
    ::prctl(PR_SET_NAME, name);
    for (char& c : title) c = *name != '\0' ? *name++ : '\0';
}

void run_init(pid_t main_child, std::span<char> title) noexcept {
    ::prctl(PR_SET_DUMPABLE, 0);
    set_name(title, "ctl-init");
    close_from(0);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    for (;;) {
        const int signal = ::sigwaitinfo(&all, nullptr);
        if (signal < 0) continue; // EINTR
        if (signal != SIGCHLD) {
            ::kill(main_child, signal);
            continue;
        }
        int status = 0;
        for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            if (pid != main_child) continue;
            if (WIFEXITED(status)) ::_exit(WEXITSTATUS(status));
            if (WIFSIGNALED(status)) ::_exit(128 + WTERMSIG(status));
        }
    }
}

} // namespace rootless::child
