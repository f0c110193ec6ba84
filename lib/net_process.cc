// See lib/net_process.h.
#include "lib/net_process.h"

#include "base/denied_calls.h"
#include "base/empty_root.h"
#include "base/error.h"
#include "base/landlock.h"
#include "base/process_title.h"
#include "base/sys.h"
#include "lib/name_files.h"
#include "netstack/forward.h"
#include "netstack/loopback.h"
#include "netstack/stack.h"
#include "rootless/caps.h"
#include "rootless/launch.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace lib {
namespace {

constexpr std::uint32_t families[] = {AF_INET, AF_INET6};
constexpr std::uint32_t flags_of_files[] = {F_GETFL, F_SETFL, F_SETPIPE_SZ};
constexpr std::uint32_t questions_about_interfaces[] = {SIOCGIFHWADDR, SIOCGIFINDEX};
constexpr std::uint32_t own_limits[] = {0};
constexpr std::uint32_t executable = PROT_EXEC;

/// What either tier calls, and libc for it. rt_sigreturn and the like are there for a debugger's sake.
constexpr PermittedCall common_calls[] = {
    SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_ctl, SYS_read, SYS_write, SYS_recvfrom, SYS_sendto, SYS_close, SYS_shutdown, SYS_connect, SYS_accept4,
    SYS_getsockopt, SYS_setsockopt, {SYS_socket, 0, families}, SYS_epoll_create1, SYS_clock_gettime, SYS_getrandom, {SYS_fcntl, 1, flags_of_files},
    {SYS_mmap, 2, executable}, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, {SYS_prlimit64, 0, own_limits}, SYS_fstat, SYS_newfstatat, SYS_rt_sigprocmask,
    SYS_rt_sigaction, SYS_rt_sigreturn, SYS_restart_syscall, SYS_futex, SYS_getpid, SYS_gettid, SYS_exit, SYS_exit_group};
constexpr PermittedCall calls_of_tap[] = {SYS_readv, SYS_writev, SYS_recvmsg, SYS_sendmsg, SYS_getsockname, {SYS_ioctl, 1, questions_about_interfaces}};
constexpr PermittedCall calls_of_forwarding[] = {SYS_splice, SYS_pipe2, SYS_bind};

/// What a long-lived helper needs no more once it is set up goes, each in its own way so that none is the last one: files (an empty root,
/// and Landlock where there is no other root to be had), privileges, other processes, core dumps and being looked into, and
/// all system calls but those above and `calls`.
void harden_helper(std::span<const PermittedCall> calls) {
    const struct rlimit none {0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw SysError{errno, "give up new privileges"};
    (void)enter_empty_root();
    rootless::drop_all_capabilities();
    ::prctl(PR_SET_DUMPABLE, 0);
    (void)confine_files({.read = {}, .write = {}, .others = false});
    const std::uint32_t self[] = {static_cast<std::uint32_t>(::getpid())};
    std::vector<PermittedCall> permitted(std::begin(common_calls), std::end(common_calls));
    permitted.insert(permitted.end(), calls.begin(), calls.end());
    permitted.emplace_back(SYS_tgkill, 0U, self); // abort(3)
    allow_only(permitted);
}

std::vector<netstack::Forward> take_forwards(const NetProcess& process) {
    std::vector<netstack::Forward> forwards;
    for (std::size_t i = 0; i < process.listeners.size(); ++i) {
        const Listener& listener = process.listeners[i];
        forwards.push_back({sys::dup(listener.fd.get()), listener.resolved.container_port, listener.resolved.transport, process.ids[i]});
    }
    return forwards;
}

/// Tier T2: everything happens in the container's network namespace.
int forward_only(const NetProcess& process) {
    netstack::ForwardPlan plan;
    plan.forwards = take_forwards(process);
    plan.stop = sys::dup(process.container_pidfd);
    if (process.counters >= 0) plan.counters = sys::dup(process.counters);
    rootless::join_network(process.container_pidfd);
    netstack::configure_loopback();
    netstack::raise_descriptor_limit();
    harden_helper(calls_of_forwarding);
    return netstack::run_forwards(std::move(plan));
}

std::vector<netstack::dns::LocalName> local_names(const NetProcess& process) {
    const netstack::SpecialAddresses special = netstack::default_special_addresses();
    std::vector<netstack::dns::LocalName> names;
    for (const std::string& name : process.names) names.push_back({lower_case(name), special.container_v4, std::nullopt});
    for (const char* name : host_alias_names) names.push_back({name, special.host, special.host_v6});
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
    plan.control = sys::dup(process.control);
    if (process.counters >= 0) plan.counters = sys::dup(process.counters);
    plan.journal = sys::dup(process.journal);
    plan.rules = process.rules;
    plan.names = local_names(process);
    plan.resolv_conf = process.resolv_conf;
    UniqueFd done = sys::dup(process.done);
    // Copies of what it was given: only the ones in the plan are to be left.
    const UniqueFd release = sys::dup(process.release);
    std::vector<int> keep{plan.tap.get(), plan.stop.get(), plan.control.get(), plan.journal.get(), done.get(), release.get()};
    if (plan.counters) keep.push_back(plan.counters.get());
    for (const netstack::Forward& forward : plan.forwards) keep.push_back(forward.listener.get());
    sys::close_all_but(keep);
    plan.stopped = [&done] { done.reset(); };
    netstack::raise_descriptor_limit();
    const UniqueFd tap = sys::dup(plan.tap.get()); // run_stack closes its own
    harden_helper(calls_of_tap);
    const int status = netstack::run_stack(std::move(plan));
    if (status != 0) return status; // it has not begun, and the monitor tries again
    char nothing = 0;
    while (::read(release.get(), &nothing, 1) < 0 && errno == EINTR) {}
    return status;
}

} // namespace

pid_t start_net_process(const NetProcess& process) {
    const pid_t pid = ::fork();
    if (pid < 0) throw SysError{errno, "fork the net process"};
    if (pid > 0) return pid;
    std::vector<int> keep{process.container_pidfd, process.done};
    if (process.tap >= 0) keep.insert(keep.end(), {process.tap, process.control, process.journal, process.release});
    if (process.counters >= 0) keep.push_back(process.counters);
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
