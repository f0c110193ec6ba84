#include "rootless/device_filter.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "base/unique_fd.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using oci::DeviceRule;
using rootless::compile_device_filter;
using rootless::denies_devices;

namespace {

constexpr unsigned r = BPF_DEVCG_ACC_READ, w = BPF_DEVCG_ACC_WRITE, m = BPF_DEVCG_ACC_MKNOD;

struct Request {
    char type;
    std::uint32_t major;
    std::uint32_t minor;
    unsigned access;
};

bool jumps(const bpf_insn& insn, std::uint64_t value) {
    const auto operand = static_cast<std::uint64_t>(static_cast<std::int64_t>(insn.imm));
    switch (BPF_OP(insn.code)) {
    case BPF_JA: return true;
    case BPF_JNE: return value != operand;
    case BPF_JSET: return (value & operand) != 0;
    default: FAIL("unknown jump ", static_cast<int>(insn.code)); return false;
    }
}

void calculate(const bpf_insn& insn, std::uint64_t& value) {
    const auto operand = static_cast<std::uint64_t>(static_cast<std::int64_t>(insn.imm));
    switch (BPF_OP(insn.code)) {
    case BPF_MOV: value = operand; break;
    case BPF_AND: value &= operand; break;
    case BPF_RSH: value >>= operand; break;
    default: FAIL("unknown calculation ", static_cast<int>(insn.code));
    }
}

/// Runs a program as the kernel would. Of the instructions it knows those that are needed.
bool allows(const std::vector<bpf_insn>& program, const Request& request) {
    const bpf_cgroup_dev_ctx context{(request.access << 16) | static_cast<std::uint32_t>(request.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
                                     request.major, request.minor};
    std::uint64_t registers[11] = {};
    for (std::size_t at = 0; at < program.size(); ++at) {
        const bpf_insn& insn = program[at];
        switch (BPF_CLASS(insn.code)) {
        case BPF_LDX: {
            REQUIRE(insn.code == (BPF_LDX | BPF_MEM | BPF_W));
            REQUIRE(insn.src_reg == 1);
            std::uint32_t word = 0;
            REQUIRE(static_cast<std::size_t>(insn.off) + sizeof word <= sizeof context);
            std::memcpy(&word, reinterpret_cast<const char*>(&context) + insn.off, sizeof word);
            registers[insn.dst_reg] = word;
            break;
        }
        case BPF_ALU64:
            REQUIRE(BPF_SRC(insn.code) == BPF_K);
            calculate(insn, registers[insn.dst_reg]);
            break;
        case BPF_JMP:
            if (BPF_OP(insn.code) == BPF_EXIT) return registers[0] != 0;
            if (jumps(insn, registers[insn.dst_reg])) at += static_cast<std::size_t>(insn.off);
            break;
        default: FAIL("unknown instruction ", static_cast<int>(insn.code));
        }
    }
    FAIL("the program runs over its end");
    return false;
}

bool allows(const std::vector<DeviceRule>& rules, const Request& request) { return allows(compile_device_filter(rules), request); }

bool is_about(const DeviceRule& rule, const Request& q, unsigned access) {
    return (rule.type == 'a' || rule.type == q.type) && (!rule.major || *rule.major == q.major) && (!rule.minor || *rule.minor == q.minor) &&
           (access == r ? rule.read : access == w ? rule.write : rule.mknod);
}

/// What the specification says, one kind of access at a time, for a device that is nobody's default.
bool expected(const std::vector<DeviceRule>& rules, const Request& q) {
    for (const unsigned access : {r, w}) {
        if ((q.access & access) == 0) continue;
        bool allowed = false;
        for (const DeviceRule& rule : rules)
            if (is_about(rule, q, access)) allowed = rule.allow;
        if (!allowed) return false;
    }
    return true; // nodes may be made
}

const DeviceRule deny_all{false, 'a', {}, {}, true, true, true};
const DeviceRule allow_all{true, 'a', {}, {}, true, true, true};

} // namespace

TEST_CASE("the default devices and making nodes are always allowed, other devices not") {
    for (const std::vector<DeviceRule>& rules : {std::vector<DeviceRule>{}, {deny_all}}) {
        for (const std::uint32_t minor : {3U, 5U, 7U, 8U, 9U}) CHECK(allows(rules, {'c', 1, minor, r | w | m}));
        for (const std::uint32_t minor : {0U, 1U, 2U}) CHECK(allows(rules, {'c', 5, minor, r | w | m}));
        CHECK(allows(rules, {'c', 136, 7, r | w}));
        CHECK(allows(rules, {'b', 8, 0, m}));
        CHECK(allows(rules, {'c', 10, 229, m}));
        CHECK(allows(rules, {'b', 8, 0, 0}));
        CHECK_FALSE(allows(rules, {'b', 1, 3, r})); // /dev/ram3
        CHECK_FALSE(allows(rules, {'c', 1, 1, r}));
        CHECK_FALSE(allows(rules, {'b', 8, 0, r}));
        CHECK_FALSE(allows(rules, {'b', 8, 0, r | m}));
        CHECK_FALSE(allows(rules, {'c', 10, 229, w}));
    }
}

TEST_CASE("a rule is about its type, numbers and kinds of access") {
    const std::vector<DeviceRule> rules{deny_all, {true, 'c', 10, 229, true, true, false}, {true, 'b', 8, {}, true, false, false},
                                        {true, 'a', {}, 77, false, true, false}};
    CHECK(allows(rules, {'c', 10, 229, r | w}));
    CHECK(allows(rules, {'c', 10, 229, r | w | m})); // m is everybody's
    CHECK_FALSE(allows(rules, {'b', 10, 229, r}));
    CHECK_FALSE(allows(rules, {'c', 10, 228, r}));
    CHECK_FALSE(allows(rules, {'c', 11, 229, r}));
    CHECK(allows(rules, {'b', 8, 1048575, r}));
    CHECK_FALSE(allows(rules, {'b', 8, 1, w}));
    CHECK_FALSE(allows(rules, {'b', 8, 1, r | w}));
    CHECK(allows(rules, {'b', 8, 77, r | w})); // "r" by one rule and "w" by another
    CHECK(allows(rules, {'c', 4095, 77, w}));
    CHECK_FALSE(allows(rules, {'c', 4095, 77, r}));
}

TEST_CASE("a later rule overrides what it names of an earlier one") {
    CHECK(allows({deny_all, allow_all}, {'b', 8, 0, r | w}));
    CHECK_FALSE(allows({allow_all, deny_all}, {'b', 8, 0, r}));
    const std::vector<DeviceRule> rules{allow_all, {false, 'b', 8, 0, false, true, false}};
    CHECK(allows(rules, {'b', 8, 0, r}));
    CHECK_FALSE(allows(rules, {'b', 8, 0, w}));
    CHECK_FALSE(allows(rules, {'b', 8, 0, r | w}));
    CHECK(allows(rules, {'b', 8, 1, r | w}));
    CHECK(allows({{false, 'c', 1, 3, true, true, true}}, {'c', 1, 3, r | w})); // /dev/null, by the specification
    CHECK_FALSE(allows({{true, 'c', 10, 1, false, false, false}}, {'c', 10, 1, r})); // a rule about no kind of access
}

TEST_CASE("no code comes after a rule that decides everything") {
    const auto shortest = compile_device_filter({allow_all}).size();
    CHECK(compile_device_filter({deny_all}).size() == shortest);
    CHECK(compile_device_filter({{true, 'c', 10, 1, true, true, true}, allow_all}).size() == shortest);
    CHECK(compile_device_filter({allow_all, {true, 'c', 10, 1, true, true, true}}).size() > shortest);
}

TEST_CASE("any rules decide as the specification has it") {
    std::mt19937 random(20261127);
    const auto pick = [&](std::uint32_t choices) { return static_cast<std::uint32_t>(random() % choices); };
    for (int round = 0; round < 3000; ++round) {
        std::vector<DeviceRule> rules;
        for (std::uint32_t i = pick(7); i > 0; --i) {
            DeviceRule rule{pick(2) == 0, "abc"[pick(3)], {}, {}, pick(2) == 0, pick(2) == 0, pick(2) == 0};
            if (pick(3) != 0) rule.major = 7 + pick(2);
            if (pick(3) != 0) rule.minor = pick(2);
            rules.push_back(rule);
        }
        const auto program = compile_device_filter(rules);
        bool denied = false;
        for (const char type : {'b', 'c'})
            for (const std::uint32_t major : {7U, 8U, 9U})
                for (const std::uint32_t minor : {0U, 1U, 2U})
                    for (const unsigned access : {0U, r, w, m, r | w, r | m, w | m, r | w | m}) {
                        const Request request{type, major, minor, access};
                        REQUIRE(allows(program, request) == expected(rules, request));
                        denied = denied || !expected(rules, request);
                    }
        if (denied) REQUIRE(denies_devices(rules));
    }
}

TEST_CASE("a program is needed only where something is denied") {
    CHECK(denies_devices({}));
    CHECK(denies_devices({deny_all}));
    CHECK(denies_devices({allow_all, {false, 'b', 8, 0, true, false, false}}));
    CHECK(denies_devices({{true, 'c', {}, {}, true, true, true}}));
    CHECK(denies_devices({{true, 'a', {}, {}, true, false, true}}));
    CHECK_FALSE(denies_devices({deny_all, allow_all}));
    CHECK_FALSE(denies_devices({{false, 'b', 8, 0, true, true, true}, allow_all}));
    CHECK_FALSE(denies_devices({{true, 'a', {}, {}, true, false, false}, {true, 'a', {}, {}, false, true, false}}));
    CHECK_FALSE(denies_devices({allow_all, {false, 'a', {}, {}, false, false, true}})); // nodes may be made all the same
}

// The kernel's part, in a mount namespace and a cgroup of the test's own.

namespace {

constexpr int cannot = 77;

[[noreturn]] void complain(const char* what) {
    std::fprintf(stderr, "device filter: %s: %s\n", what, std::strerror(errno));
    ::_exit(1);
}

/// 0, or the errno of opening the node.
int opening(const std::string& path, int flags) {
    const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC));
    return fd ? 0 : errno;
}

/// What a process in the cgroup may do before, between and after two filters; it talks to its parent with exit statuses.
[[noreturn]] void be_filtered(int cgroup, const std::string& dir) {
    const std::string procs = cat("/proc/self/fd/", cgroup, "/cgroup.procs");
    if (const UniqueFd fd(::open(procs.c_str(), O_WRONLY | O_CLOEXEC)); ::write(fd.get(), "0", 1) != 1) complain("join the cgroup");
    const std::string kmsg = dir + "/kmsg", null = dir + "/null";
    if (opening(kmsg, O_RDONLY) != 0) ::_exit(cannot);
    rootless::attach_device_filter(cgroup, compile_device_filter({deny_all}));
    if (opening(kmsg, O_RDONLY) != EPERM) complain("a denied device was opened");
    if (opening(null, O_RDWR) != 0) complain("/dev/null was not opened");
    if (::mknod((dir + "/node").c_str(), S_IFBLK | 0600, makedev(8, 0)) != 0) complain("no node could be made");
    if (opening(dir + "/node", O_RDONLY) != EPERM) complain("a made node was opened");
    // Another takes its place, instead of standing beside it.
    rootless::attach_device_filter(cgroup, compile_device_filter({deny_all, {true, 'c', 1, 11, true, false, false}}));
    if (opening(kmsg, O_RDONLY) != 0) complain("an allowed device was not opened");
    if (opening(kmsg, O_WRONLY) != EPERM) complain("a device was opened for writing with r alone");
    rootless::attach_device_filter(cgroup, compile_device_filter({allow_all}));
    if (opening(kmsg, O_WRONLY) != 0) complain("a device was not opened with everything allowed");
    // Many rules are no problem for the kernel's verifier.
    std::vector<DeviceRule> many{deny_all};
    for (int i = 0; i < 500; ++i) many.push_back({i % 3 != 0, i % 2 == 0 ? 'c' : 'b', 200 + i, i % 5, i % 2 == 0, i % 3 == 0, i % 7 == 0});
    rootless::attach_device_filter(cgroup, compile_device_filter(many));
    if (opening(kmsg, O_RDONLY) != EPERM) complain("a device that many rules do not name was opened");
    ::_exit(0);
}

int wait_for(pid_t pid) {
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/// In a child, so that the mounts end with it: private /tmp with nodes, and the cgroup2 tree.
[[noreturn]] void filter_for_real(const std::string& dir) noexcept {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) ::_exit(cannot);
    if (::mount("tmpfs", dir.c_str(), "tmpfs", 0, nullptr) != 0) ::_exit(cannot);
    const std::string tree = dir + "/cgroup";
    if (::mkdir(tree.c_str(), 0700) != 0) complain("mkdir");
    if (::mknod((dir + "/kmsg").c_str(), S_IFCHR | 0600, makedev(1, 11)) != 0 || ::mknod((dir + "/null").c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0 ||
        ::mount("cgroup2", tree.c_str(), "cgroup2", 0, nullptr) != 0)
        ::_exit(cannot);
    const std::string own = cat(tree, "/ctl-device-test-", ::getpid());
    if (::mkdir(own.c_str(), 0700) != 0) ::_exit(cannot);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const UniqueFd cgroup(::open(own.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        try {
            be_filtered(cgroup.get(), dir);
        } catch (const Error& e) {
            std::fprintf(stderr, "device filter: %s\n", e.what());
            ::_exit(1);
        }
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (::rmdir(own.c_str()) != 0) complain("remove the cgroup");
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

} // namespace

TEST_CASE("the kernel takes the programs, and they decide") {
    if (::geteuid() != 0) {
        MESSAGE("skipped: needs root");
        return;
    }
    std::string dir = "/tmp/ctl-device-test-XXXXXX";
    REQUIRE(::mkdtemp(dir.data()) != nullptr);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) filter_for_real(dir);
    const int status = wait_for(pid);
    CHECK(::rmdir(dir.c_str()) == 0);
    if (status == cannot) MESSAGE("skipped: no device nodes, mounts or cgroup2 here");
    else CHECK(status == 0);
}

TEST_CASE("who may not load programs is told so") {
    const UniqueFd null = sys::open("/dev/null", O_RDONLY);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        if (::geteuid() == 0 && ::setresuid(12345, 12345, 12345) != 0) ::_exit(1);
        try {
            rootless::attach_device_filter(null.get(), compile_device_filter({}));
        } catch (const SysError& e) {
            ::_exit(e.err() == EPERM ? 0 : 2);
        }
        ::_exit(3);
    }
    CHECK(wait_for(pid) == 0);
}
