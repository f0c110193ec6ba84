// See base/denied_calls.h.
#include "base/denied_calls.h"

#include "base/error.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t own_architecture = 0; // none: no filter
#endif

// What not every architecture has is left out with -1. Numbers from 424 on are the same everywhere; Debian 12's headers know them
// up to 450.
#ifndef SYS_kexec_file_load
#define SYS_kexec_file_load -1
#endif

constexpr int dangerous[] = {
#ifndef __SANITIZE_ADDRESS__
    SYS_ptrace, // LeakSanitizer looks at the process by it
#endif
    SYS_execve, SYS_execveat, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_getfd,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
    SYS_mount_setattr, SYS_setns, SYS_unshare, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_keyctl, SYS_add_key, SYS_request_key,
    SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_acct,
    SYS_quotactl, SYS_open_by_handle_at, SYS_personality, SYS_io_uring_setup, SYS_io_uring_register, SYS_io_uring_enter, SYS_fanotify_init,
    SYS_syslog, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_vhangup, SYS_memfd_secret};

constexpr int network[] = {SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4};

} // namespace

std::span<const int> dangerous_calls() noexcept { return dangerous; }
std::span<const int> network_calls() noexcept { return network; }

namespace {

/// Where a program begins: calls of this architecture, the number loaded.
std::vector<sock_filter> start_of_filter() {
    std::vector<sock_filter> program{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_architecture, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    };
#if defined(__x86_64__)
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1)); // __X32_SYSCALL_BIT
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
#endif
    return program;
}

void load_filter(std::vector<sock_filter>& program) {
    sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result == 0 || (result < 0 && (errno == ENOSYS || errno == EINVAL))) return;
    throw SysError{result < 0 ? errno : EBUSY, "deny system calls"};
}

} // namespace

void deny_calls(std::span<const int> calls) {
    if (own_architecture == 0) return;
    std::vector<sock_filter> program = start_of_filter();
    for (const int call : calls) {
        if (call < 0) continue;
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
        program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    load_filter(program);
}

namespace {

/// What decides about a call whose number it is; ends with a return in any case.
std::vector<sock_filter> decision(const PermittedCall& call) {
    constexpr sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    constexpr sock_filter deny = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    if (call.condition == PermittedCall::If::always) return {allow};
    const std::size_t low_half = offsetof(seccomp_data, args) + call.argument * sizeof(std::uint64_t); // little-endian
    std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(low_half))};
    if (call.condition == PermittedCall::If::without) {
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, call.bits, 1, 0));
        program.push_back(allow);
    }
    for (const std::uint32_t value : call.values) {
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
        program.push_back(allow);
    }
    program.push_back(deny);
    return program;
}

} // namespace

void allow_only(std::span<const PermittedCall> calls) {
    if (own_architecture == 0) return;
    std::vector<sock_filter> program = start_of_filter();
    for (const PermittedCall& call : calls) {
        if (call.number < 0) continue;
        const std::vector<sock_filter> of_call = decision(call);
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call.number), 0, static_cast<std::uint8_t>(of_call.size())));
        program.insert(program.end(), of_call.begin(), of_call.end());
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    load_filter(program);
}
