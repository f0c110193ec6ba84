// The process that forwards the published ports; see lib/net_process.h.
#include "lib/net_process.h"

#include "base/process_title.h"
#include "base/sys.h"
#include "netstack/forward.h"
#include "netstack/loopback.h"
#include "rootless/caps.h"
#include "rootless/launch.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace lib {
namespace {

/// What a long-lived helper needs no more once it is set up: privileges, core dumps, being looked into.
void harden_helper() {
    const struct rlimit none {0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    rootless::drop_all_capabilities();
    ::prctl(PR_SET_DUMPABLE, 0);
}

} // namespace

pid_t start_net_process(std::span<const Listener> listeners, int container_pidfd, const std::string& container_name) {
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork the net process"};
    if (pid > 0) return pid;
    std::vector<int> keep{container_pidfd};
    for (const Listener& listener : listeners) keep.push_back(listener.fd.get());
    sys::close_all_but(keep);
    set_process_title(cat("ctl: net ", container_name));
    try {
        netstack::ForwardPlan plan;
        for (const Listener& listener : listeners)
            plan.forwards.push_back({sys::dup(listener.fd.get()), listener.resolved.container_port});
        plan.stop = sys::dup(container_pidfd);
        rootless::join_network(container_pidfd);
        netstack::configure_loopback();
        netstack::raise_descriptor_limit();
        harden_helper();
        ::_exit(netstack::run_forwards(std::move(plan)));
    } catch (const std::exception&) {
        ::_exit(exit_code::engine_error); // the monitor notices and says so in the state
    }
}

} // namespace lib
