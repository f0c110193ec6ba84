// The default policy against the list of docs: what every program needs, what nobody gets, what a capability opens.
#include "lib/seccomp_default.h"

#include "rootless/seccomp.h"
#include "rootless/seccomp_names.h"
#include "tests/unit/bpf_interpreter.h"

#include <doctest/doctest.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sched.h>
#include <set>
#include <sstream>

using rootless::cap_bit;
namespace cap = rootless::cap;

namespace {

using Args = std::array<std::uint64_t, 6>;

/// The default filter for some capabilities, asked by name.
class Filter {
public:
    explicit Filter(rootless::CapMask caps) : program_(rootless::compile_seccomp(lib::default_seccomp(caps))) {}

    std::uint32_t operator()(const std::string& name, const Args& args = {}, std::uint32_t arch = AUDIT_ARCH_X86_64) const {
        const auto found = rootless::find_syscall(arch, name);
        REQUIRE_MESSAGE(found.direct.has_value(), name);
        return number(*found.direct, args, arch);
    }
    std::uint32_t number(std::uint32_t value, const Args& args = {}, std::uint32_t arch = AUDIT_ARCH_X86_64) const {
        seccomp_data call{};
        call.nr = static_cast<int>(value);
        call.arch = arch;
        std::ranges::copy(args, call.args);
        return run_filter(program_, call);
    }
    std::size_t size() const { return program_.size(); }

private:
    std::vector<sock_filter> program_;
};

constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;
constexpr std::uint32_t fails_with(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

std::vector<std::string> words(const char* text) {
    std::istringstream in(text);
    std::vector<std::string> list;
    for (std::string word; in >> word;) list.push_back(word);
    return list;
}

} // namespace

TEST_CASE("libc, language run times and servers find what they call") {
    const Filter filter(rootless::default_caps());
    for (const std::string& name :
         words("read write openat close mmap mprotect brk execve exit_group futex clock_gettime rt_sigaction rt_sigreturn "
               "epoll_pwait2 accept4 sendmmsg recvmmsg sendfile splice copy_file_range io_submit eventfd2 timerfd_create "
               "inotify_add_watch memfd_create mlock membarrier rseq sched_setaffinity prlimit64 getrandom statx openat2 "
               "faccessat2 fchmodat2 close_range pidfd_open pidfd_send_signal waitid ptrace process_vm_readv shmget semop "
               "msgsnd mq_open setuid setgroups capset chown mknod setxattr landlock_create_ruleset seccomp chroot "
               "modify_ldt arch_prctl get_mempolicy mbind set_mempolicy cachestat futex_wait futex_wake futex_waitv mseal "
               "map_shadow_stack setxattrat getxattrat listxattrat removexattrat uretprobe vfork fork memfd_secret"))
        CHECK_MESSAGE(filter(name) == allowed, name);
}

TEST_CASE("what is not listed answers ENOSYS, future numbers included") {
    const Filter filter(rootless::default_caps());
    for (const std::string& name : words("clone3 io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key "
                                         "futex_requeue statmount listmount"))
        CHECK_MESSAGE(filter(name) == fails_with(ENOSYS), name);
    for (std::uint32_t number = 470; number < 1024; ++number) CHECK(filter.number(number) == fails_with(ENOSYS));
}

TEST_CASE("dangerous calls answer EPERM") {
    const Filter filter(rootless::default_caps());
    for (const std::string& name :
         words("mount umount2 pivot_root fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr setns bpf "
               "perf_event_open userfaultfd kexec_load kexec_file_load swapon swapoff reboot acct syslog init_module "
               "finit_module delete_module open_by_handle_at quotactl lookup_dcookie fanotify_init sethostname "
               "setdomainname settimeofday clock_settime iopl ioperm vhangup kcmp pidfd_getfd process_madvise vmsplice "
               "move_pages migrate_pages"))
        CHECK_MESSAGE(filter(name) == fails_with(EPERM), name);
}

TEST_CASE("new namespaces are refused, threads and vfork-like clones are not") {
    const Filter filter(rootless::default_caps());
    CHECK(filter("clone", {CLONE_VM | CLONE_VFORK | 17}) == allowed);
    CHECK(filter("clone", {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS}) == allowed);
    CHECK(filter("unshare", {CLONE_FS | CLONE_FILES}) == allowed);
    for (const int name : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
        const auto flag = static_cast<std::uint64_t>(name);
        CHECK(filter("clone", {flag | 17}) == fails_with(EPERM));
        CHECK(filter("unshare", {flag}) == fails_with(EPERM));
        CHECK(filter("unshare", {flag}, AUDIT_ARCH_I386) == fails_with(EPERM));
    }
    CHECK(filter("unshare", {0x80}) == fails_with(EPERM)); // CLONE_NEWTIME
    const Filter admin(cap_bit(cap::sys_admin));
    CHECK(admin("unshare", {CLONE_NEWUSER}) == allowed);
    CHECK(admin("clone", {CLONE_NEWNS | 17}) == allowed);
    CHECK(admin("clone3") == allowed);
}

TEST_CASE("sockets: local, IPv4, IPv6 and the netlink of ip and ss") {
    const Filter filter(rootless::default_caps());
    for (std::uint64_t family = 0; family < 64; ++family) {
        const bool open = family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
        for (const std::uint32_t arch : std::initializer_list<std::uint32_t>{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386})
            CHECK(filter("socket", {family}, arch) == (open ? allowed : fails_with(EAFNOSUPPORT)));
    }
    CHECK(filter("socket", {AF_ALG | 1ull << 32}) == fails_with(EAFNOSUPPORT));
    for (std::uint64_t protocol = 0; protocol < 40; ++protocol) {
        const bool open = protocol == NETLINK_ROUTE || protocol == NETLINK_SOCK_DIAG;
        CHECK(filter("socket", {AF_NETLINK, SOCK_RAW, protocol}) == (open ? allowed : fails_with(EPROTONOSUPPORT)));
    }
    CHECK(filter("socketpair", {AF_UNIX}) == allowed);
    CHECK(filter("socketpair", {30 /* AF_TIPC */}) == fails_with(EAFNOSUPPORT));
    CHECK(filter("socketcall", {1}, AUDIT_ARCH_I386) == allowed);
}

TEST_CASE("capabilities open socket kinds") {
    CHECK(Filter(cap_bit(cap::net_raw))("socket", {AF_PACKET}) == allowed);
    CHECK(Filter(cap_bit(cap::net_raw))("socket", {AF_ALG}) == fails_with(EAFNOSUPPORT));
    CHECK(Filter(cap_bit(cap::net_admin))("socket", {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}) == allowed);
    CHECK(Filter(cap_bit(cap::audit_write))("socket", {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}) == allowed);
    CHECK(Filter(cap_bit(cap::audit_write))("socket", {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}) == fails_with(EPROTONOSUPPORT));
}

TEST_CASE("each capability opens its own group and no other") {
    const std::vector<std::pair<int, const char*>> groups{
        {cap::sys_admin, "mount umount2 pivot_root fsopen setns sethostname"},
        {cap::sys_chroot, "chroot"}, {cap::dac_read_search, "open_by_handle_at"}, {cap::sys_ptrace, "kcmp pidfd_getfd"},
        {cap::sys_module, "init_module"}, {cap::sys_pacct, "acct"}, {cap::sys_rawio, "iopl"}, {cap::sys_time, "settimeofday"},
        {cap::sys_tty_config, "vhangup"}, {cap::sys_boot, "reboot"}, {cap::syslog, "syslog"}, {cap::bpf, "bpf"},
        {cap::perfmon, "perf_event_open"}, {cap::sys_nice, "set_mempolicy_home_node"}};
    for (const auto& [capability, names] : groups) {
        const Filter with(cap_bit(capability));
        const Filter without(rootless::all_caps() & ~cap_bit(capability) & ~cap_bit(cap::sys_admin));
        for (const std::string& name : words(names)) {
            CHECK_MESSAGE(with(name) == allowed, name);
            CHECK_MESSAGE(without(name) == fails_with(EPERM), name);
        }
    }
}

TEST_CASE("only the harmless personalities") {
    const Filter filter(rootless::default_caps());
    for (const std::uint64_t value : {0ull, 8ull, 0x20000ull, 0x20008ull, 0xffffffffull}) CHECK(filter("personality", {value}) == allowed);
    CHECK(filter("personality", {0x40000 /* ADDR_NO_RANDOMIZE */}) == fails_with(ENOSYS));
}

TEST_CASE("x32 calls kill the process") {
    CHECK(Filter(rootless::all_caps()).number(0x40000000) == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("no name is in two groups, and rules of one call never contradict each other") {
    std::set<std::string> plain;
    std::set<std::string> conditional;
    for (const auto& rule : lib::default_seccomp(rootless::default_caps()).syscalls)
        for (const std::string& name : rule.names) {
            if (rule.args.empty()) CHECK_MESSAGE(plain.insert(name).second, name);
            else conditional.insert(name);
        }
    for (const std::string& name : conditional) CHECK_MESSAGE(!plain.contains(name), name);
}

TEST_CASE("every name is one the kernel has somewhere") {
    for (const auto& rule : lib::default_seccomp(rootless::all_caps()).syscalls)
        for (const std::string& name : rule.names) {
            bool known = false;
            for (const char* arch : {"X86_64", "X86", "AARCH64", "ARM", "RISCV64"}) {
                const auto found = rootless::find_syscall(rootless::parse_seccomp_arch(std::string("SCMP_ARCH_") + arch), name);
                known |= found.direct.has_value() || found.multiplexer.has_value();
            }
            CHECK_MESSAGE(known, name);
        }
}

TEST_CASE("the program is small") { CHECK(Filter(rootless::default_caps()).size() < 1200); }
