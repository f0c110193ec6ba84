// See lib/net_process.h.
#include "lib/net_process.h"

#include "base/process_title.h"
#include "base/sys.h"
#include "lib/name_files.h"
#include "netstack/forward.h"
#include "netstack/loopback.h"
#include "netstack/stack.h"
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

std::vector<netstack::Forward> take_forwards(const NetProcess& process) {
    std::vector<netstack::Forward> forwards;
    for (const Listener& listener : process.listeners)
        forwards.push_back({sys::dup(listener.fd.get()), listener.resolved.container_port});
    return forwards;
}

/// Tier T2: everything happens in the container's network namespace.
int forward_only(const NetProcess& process) {
    netstack::ForwardPlan plan;
    plan.forwards = take_forwards(process);
    plan.stop = sys::dup(process.container_pidfd);
    rootless::join_network(process.container_pidfd);
    netstack::configure_loopback();
    netstack::raise_descriptor_limit();
    harden_helper();
    return netstack::run_forwards(std::move(plan));
}

std::vector<netstack::dns::LocalName> local_names(const NetProcess& process) {
    const netstack::SpecialAddresses special = netstack::default_special_addresses();
    std::vector<netstack::dns::LocalName> names;
    for (const std::string& name : process.names) names.push_back({lower_case(name), special.container_v4});
    for (const char* name : host_alias_names) names.push_back({name, special.host});
    return names;
}

/// Tier T1: its sockets are the host's.
int serve_tap(const NetProcess& process) {
    netstack::StackPlan plan;
    plan.tap = sys::dup(process.tap);
    plan.features = process.features;
    plan.mtu = process.mtu;
    plan.forwards = take_forwards(process);
    plan.stop = sys::dup(process.container_pidfd);
    plan.rules = process.rules;
    plan.names = local_names(process);
    UniqueFd done = sys::dup(process.done);
    // Copies of what it was given: only the ones in the plan are to be left.
    std::vector<int> keep{plan.tap.get(), plan.stop.get(), done.get()};
    for (const netstack::Forward& forward : plan.forwards) keep.push_back(forward.listener.get());
    sys::close_all_but(keep);
    plan.stopped = [&done] { done.reset(); };
    netstack::raise_descriptor_limit();
    harden_helper();
    return netstack::run_stack(std::move(plan));
}

} // namespace

pid_t start_net_process(const NetProcess& process) {
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork the net process"};
    if (pid > 0) return pid;
    std::vector<int> keep{process.container_pidfd, process.done};
    if (process.tap >= 0) keep.push_back(process.tap);
    for (const Listener& listener : process.listeners) keep.push_back(listener.fd.get());
    sys::close_all_but(keep);
    set_process_title(cat("ctl: net ", process.container_name));
    try {
        ::_exit(process.tap >= 0 ? serve_tap(process) : forward_only(process));
    } catch (const std::exception&) {
        ::_exit(exit_code::engine_error); // the monitor notices and says so in the state
    }
}

} // namespace lib
