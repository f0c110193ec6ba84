// The default seccomp policy, see lib/seccomp_default.h.
//
// How to review it: each group says what its calls are for; what no group names answers ENOSYS. clone3 is left out on
// purpose: its flags lie in memory, where a filter cannot look, and libc falls back to clone on ENOSYS. So are io_uring,
// the keyring calls (keys are not namespaced), pidfd_getfd, statmount, listmount, vmsplice's successors and swapcontext.
// New names belong into a group here and into tests/unit/lib/seccomp_default_test.cc.
#include "lib/seccomp_default.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lib {
namespace {

using oci::Seccomp;
using oci::SeccompAction;
using oci::SeccompArg;
using oci::SeccompOp;
using oci::SeccompRule;
using rootless::CapMask;
using rootless::has_cap;

// ---- open to every container -------------------------------------------------------------------------------------------

constexpr std::string_view open_and_close =
    "open openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 flock ioctl memfd_create "
    "memfd_secret name_to_handle_at";

constexpr std::string_view read_and_write =
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek sendfile sendfile64 "
    "splice tee copy_file_range readahead fadvise64 fadvise64_64 arm_fadvise64_64 fallocate truncate truncate64 "
    "ftruncate ftruncate64 sync syncfs fsync fdatasync sync_file_range arm_sync_file_range "
    "cachestat io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64";

constexpr std::string_view file_names =
    "access faccessat faccessat2 chdir fchdir getcwd mkdir mkdirat rmdir mknod mknodat link linkat symlink "
    "symlinkat readlink readlinkat rename renameat renameat2 unlink unlinkat getdents getdents64 umask";

constexpr std::string_view file_attributes =
    "stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 chmod "
    "fchmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchown fchown32 fchownat utime utimes futimesat "
    "utimensat utimensat_time64 getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat "
    "listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat file_getattr "
    "file_setattr";

constexpr std::string_view watching_files =
    "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark";

constexpr std::string_view memory =
    "brk mmap mmap2 munmap mremap mprotect msync madvise mincore mlock mlock2 mlockall munlock munlockall mseal "
    "map_shadow_stack remap_file_pages pkey_alloc pkey_free pkey_mprotect membarrier get_mempolicy set_mempolicy "
    "mbind cacheflush riscv_flush_icache";

constexpr std::string_view waiting_for_events =
    "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl "
    "epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 pipe pipe2";

constexpr std::string_view processes =
    "fork vfork execve execveat exit exit_group wait4 waitid waitpid pidfd_open pidfd_send_signal "
    "process_mrelease getpid getppid gettid getpgid getpgrp setpgid getsid setsid prctl arch_prctl getrlimit "
    "ugetrlimit setrlimit prlimit64 getrusage times sysinfo uname getpriority setpriority ioprio_get ioprio_set "
    "restart_syscall uretprobe uprobe";

/// A process inspects its own: the kernel asks for the same user and capabilities (ptrace(2), "access mode checking").
constexpr std::string_view debugging =
    "ptrace process_vm_readv process_vm_writev";

constexpr std::string_view threads =
    "futex futex_time64 futex_waitv futex_wait futex_wake get_robust_list set_robust_list set_tid_address "
    "set_thread_area get_thread_area set_tls modify_ldt rseq getcpu sched_yield sched_getaffinity "
    "sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler "
    "sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
    "sched_rr_get_interval_time64";

constexpr std::string_view signals =
    "kill tkill tgkill pause alarm signal sigaltstack sigprocmask sigreturn rt_sigaction rt_sigprocmask "
    "rt_sigpending rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
    "rt_tgsigqueueinfo signalfd signalfd4";

/// Reading clocks and timers; adjtimex and clock_adjtime set nothing without CAP_SYS_TIME.
constexpr std::string_view clocks_and_timers =
    "time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep "
    "clock_nanosleep_time64 nanosleep adjtimex clock_adjtime clock_adjtime64 getitimer setitimer timer_create "
    "timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create "
    "timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64";

/// Changing them is the kernel's business to refuse: it looks at the capabilities.
constexpr std::string_view identity =
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid "
    "getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 "
    "setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 "
    "capget capset";

/// What a program gives up by itself.
constexpr std::string_view self_confinement =
    "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self";

constexpr std::string_view sockets =
    "bind connect listen accept accept4 shutdown getsockname getpeername getsockopt setsockopt send sendto "
    "sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64";

/// The 32-bit multiplexer hides the address family in memory; closing it breaks every older 32-bit image.
constexpr std::string_view old_32_bit_sockets =
    "socketcall";

constexpr std::string_view system_v_ipc =
    "ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget";

constexpr std::string_view message_queues =
    "mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive "
    "mq_timedreceive_time64";

constexpr std::string_view randomness =
    "getrandom";

constexpr std::array always_open{open_and_close, read_and_write,  file_names,        file_attributes, watching_files,
                                 memory,         waiting_for_events, processes,      debugging,       threads,
                                 signals,        clocks_and_timers, identity,        self_confinement, sockets,
                                 old_32_bit_sockets, system_v_ipc, message_queues,   randomness};

// ---- opened by a capability, EPERM without it --------------------------------------------------------------------------

struct CapGroup {
    int cap; ///< rootless::cap::…
    std::string_view names;
};

constexpr std::array cap_groups{
    // Mounting, joining namespaces, quotas, host names: the administrator of the container's own namespaces.
    CapGroup{rootless::cap::sys_admin,
             "mount umount umount2 pivot_root fsopen fsconfig fsmount fspick open_tree open_tree_attr "
             "move_mount mount_setattr setns sethostname setdomainname quotactl quotactl_fd fanotify_init "
             "lookup_dcookie"},
    CapGroup{rootless::cap::sys_chroot, "chroot"},
    // Opening a file by handle walks around every directory permission (the "shocker" escape).
    CapGroup{rootless::cap::dac_read_search, "open_by_handle_at"},
    CapGroup{rootless::cap::sys_ptrace, "kcmp process_madvise pidfd_getfd"},
    CapGroup{rootless::cap::sys_module, "init_module finit_module delete_module query_module"},
    CapGroup{rootless::cap::sys_pacct, "acct"},
    CapGroup{rootless::cap::sys_rawio, "ioperm iopl"},
    CapGroup{rootless::cap::sys_time, "clock_settime clock_settime64 settimeofday stime"},
    CapGroup{rootless::cap::sys_tty_config, "vhangup"},
    CapGroup{rootless::cap::sys_boot, "reboot"},
    CapGroup{rootless::cap::sys_nice, "set_mempolicy_home_node"},
    CapGroup{rootless::cap::syslog, "syslog"},
};

// ---- EPERM whatever the capabilities -----------------------------------------------------------------------------------

/// Known ways into the kernel or the host that a program may ask for and must be told "no" rather than "unknown".
constexpr std::string_view always_refused =
    "userfaultfd vmsplice kexec_load kexec_file_load swapon swapoff nfsservctl migrate_pages move_pages uselib "
    "ustat sysfs vm86 vm86old bdflush";

// ---- by argument -------------------------------------------------------------------------------------------------------

constexpr std::uint64_t clone_newtime = 0x80; // within clone's exit signal, so meant by unshare only
constexpr std::array<std::uint64_t, 7> namespace_flags{CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                                       CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

/// Linux, the 64-bit and 32-bit personalities with and without UNAME26, and the question what it is.
constexpr std::array<std::uint64_t, 5> personalities{0, 8, 0x20000, 0x20008, 0xffff'ffff};

/// The words of a group.
void append_names(std::vector<std::string>& to, std::string_view group) {
    while (!group.empty()) {
        const std::size_t end = std::min(group.find(' '), group.size());
        to.emplace_back(group.substr(0, end));
        group.remove_prefix(std::min(end + 1, group.size()));
    }
}

SeccompRule rule(std::string_view names, SeccompAction action) {
    SeccompRule result{.names = {}, .action = action, .errno_ret = std::nullopt, .args = {}};
    append_names(result.names, names);
    return result;
}

SeccompRule allow(std::string_view name, std::vector<SeccompArg> args) {
    SeccompRule result = rule(name, SeccompAction::allow);
    result.args = std::move(args);
    return result;
}

SeccompRule refuse(std::string_view name, int error, std::vector<SeccompArg> args) {
    SeccompRule result = rule(name, SeccompAction::error);
    result.errno_ret = static_cast<std::uint32_t>(error);
    result.args = std::move(args);
    return result;
}

SeccompRule refuse(std::string_view names) {
    SeccompRule result = rule(names, SeccompAction::error);
    result.errno_ret = EPERM;
    return result;
}

SeccompArg is(std::uint32_t index, std::uint64_t value) { return {index, value, 0, SeccompOp::equal}; }
SeccompArg above(std::uint32_t index, std::uint64_t value) { return {index, value, 0, SeccompOp::greater}; }
SeccompArg has_bits(std::uint32_t index, std::uint64_t bits) { return {index, bits, bits, SeccompOp::masked_equal}; }

/// `name` may be called with any flags but those that make namespaces: EPERM then, as without CAP_SYS_ADMIN. A user
/// namespace would hand out every capability and with them the kernel's least tested parts (security.md J4).
void add_without_namespaces(Seccomp& policy, std::string_view name, std::uint64_t further_flags) {
    std::uint64_t all = further_flags;
    for (const std::uint64_t flag : namespace_flags) all |= flag;
    policy.syscalls.push_back(allow(name, {{0, all, 0, SeccompOp::masked_equal}}));
    for (std::uint64_t bit = 1; bit <= all; bit <<= 1)
        if ((all & bit) != 0) policy.syscalls.push_back(refuse(name, EPERM, {has_bits(0, bit)}));
}

void add_namespaces(Seccomp& policy, CapMask caps) {
    if (has_cap(caps, rootless::cap::sys_admin)) {
        policy.syscalls.push_back(rule("clone clone3 unshare", SeccompAction::allow));
        return;
    }
    add_without_namespaces(policy, "clone", 0);
    add_without_namespaces(policy, "unshare", clone_newtime);
}

/// socket(2) with any value of argument `index`: the `allowed` ones pass where `also` holds, those `elsewhere` have rules of
/// their own, the rest answers `error`.
void add_socket_values(Seccomp& policy, std::uint32_t index, std::span<const std::uint64_t> allowed,
                       std::span<const std::uint64_t> elsewhere, int error, const std::vector<SeccompArg>& also) {
    const auto with = [&](SeccompArg arg) {
        std::vector<SeccompArg> args{arg};
        args.insert(args.end(), also.begin(), also.end());
        return args;
    };
    std::uint64_t last = 0;
    for (const auto& values : {allowed, elsewhere})
        for (const std::uint64_t value : values) last = std::max(last, value);
    for (const std::uint64_t value : allowed) policy.syscalls.push_back(allow("socket", with(is(index, value))));
    for (std::uint64_t value = 0; value <= last; ++value)
        if (std::ranges::count(allowed, value) + std::ranges::count(elsewhere, value) == 0)
            policy.syscalls.push_back(refuse("socket", error, with(is(index, value))));
    policy.syscalls.push_back(refuse("socket", error, with(above(index, last))));
}

/// Address families: local, IPv4, IPv6, and the netlink protocols that tools like ip and ss speak; packet sockets with
/// CAP_NET_RAW. The errors are those of a kernel without the family, which every program handles.
void add_sockets(Seccomp& policy, CapMask caps) {
    std::vector<std::uint64_t> families{AF_UNIX, AF_INET, AF_INET6};
    if (has_cap(caps, rootless::cap::net_raw)) families.push_back(AF_PACKET);
    constexpr std::array<std::uint64_t, 1> by_protocol{AF_NETLINK};
    add_socket_values(policy, 0, families, by_protocol, EAFNOSUPPORT, {});

    std::vector<std::uint64_t> protocols{NETLINK_ROUTE, NETLINK_SOCK_DIAG};
    if (has_cap(caps, rootless::cap::audit_write)) protocols.push_back(NETLINK_AUDIT);
    if (has_cap(caps, rootless::cap::net_admin))
        protocols.insert(protocols.end(), {NETLINK_XFRM, NETLINK_NETFILTER, NETLINK_GENERIC});
    add_socket_values(policy, 2, protocols, {}, EPROTONOSUPPORT, {is(0, AF_NETLINK)});

    policy.syscalls.push_back(allow("socketpair", {is(0, AF_UNIX)}));
    policy.syscalls.push_back(refuse("socketpair", EAFNOSUPPORT, {{0, AF_UNIX, 0, SeccompOp::not_equal}}));
}

void add_cap_groups(Seccomp& policy, CapMask caps) {
    for (const CapGroup& group : cap_groups)
        policy.syscalls.push_back(has_cap(caps, group.cap) ? rule(group.names, SeccompAction::allow) : refuse(group.names));
    const bool may_bpf = has_cap(caps, rootless::cap::bpf) || has_cap(caps, rootless::cap::sys_admin);
    policy.syscalls.push_back(may_bpf ? rule("bpf", SeccompAction::allow) : refuse("bpf"));
    const bool may_perf = has_cap(caps, rootless::cap::perfmon) || has_cap(caps, rootless::cap::sys_admin);
    policy.syscalls.push_back(may_perf ? rule("perf_event_open", SeccompAction::allow) : refuse("perf_event_open"));
}

} // namespace

Seccomp default_seccomp(CapMask caps) {
    Seccomp policy;
    policy.default_action = SeccompAction::error;
    policy.default_errno_ret = ENOSYS;
#if defined(__x86_64__)
    policy.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}; // x32 is not listed: its calls kill the process
#elif defined(__aarch64__)
    policy.architectures = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#endif
    SeccompRule open = rule("", SeccompAction::allow);
    for (const std::string_view group : always_open) append_names(open.names, group);
    policy.syscalls.push_back(std::move(open));
    add_namespaces(policy, caps);
    add_sockets(policy, caps);
    for (const std::uint64_t value : personalities) policy.syscalls.push_back(allow("personality", {is(0, value)}));
    add_cap_groups(policy, caps);
    policy.syscalls.push_back(refuse(always_refused));
    return policy;
}

} // namespace lib
