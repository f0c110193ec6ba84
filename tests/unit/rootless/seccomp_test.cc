// Policies against what their programs decide, by interpreting the programs.
#include "rootless/seccomp.h"

#include "base/error.h"
#include "rootless/seccomp_names.h"
#include "tests/unit/bpf_interpreter.h"

#include <doctest/doctest.h>
#include <linux/audit.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <random>

using oci::Seccomp;
using oci::SeccompAction;
using oci::SeccompArg;
using oci::SeccompOp;
using oci::SeccompRule;
using rootless::compile_seccomp;

namespace {

using Args = std::array<std::uint64_t, 6>;

constexpr std::uint32_t denied = SECCOMP_RET_ERRNO | 38;

Seccomp policy_of(std::vector<SeccompRule> rules, std::vector<std::string> architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}) {
    return {SeccompAction::error, 38, std::move(architectures), {}, std::move(rules)};
}

std::uint32_t decide(const std::vector<sock_filter>& program, std::uint32_t arch, std::uint32_t number, const Args& args = {}) {
    seccomp_data call{};
    call.nr = static_cast<int>(number);
    call.arch = arch;
    std::ranges::copy(args, call.args);
    return run_filter(program, call);
}

bool holds(const SeccompArg& arg, std::uint64_t value) {
    switch (arg.op) {
    case SeccompOp::not_equal: return value != arg.value;
    case SeccompOp::less: return value < arg.value;
    case SeccompOp::less_equal: return value <= arg.value;
    case SeccompOp::equal: return value == arg.value;
    case SeccompOp::greater_equal: return value >= arg.value;
    case SeccompOp::greater: return value > arg.value;
    case SeccompOp::masked_equal: return (value & arg.value) == arg.value_two;
    }
    return false;
}

/// The meaning of a policy, said as plainly as possible: x86-64 only, no multiplexers there.
std::uint32_t model(const Seccomp& policy, std::uint32_t number, const Args& args) {
    for (const SeccompRule& rule : policy.syscalls)
        for (const std::string& name : rule.names) {
            if (rootless::find_syscall(SCMP_ARCH_X86_64, name).direct != number) continue;
            if (!std::ranges::all_of(rule.args, [&](const SeccompArg& a) { return holds(a, args[a.index]); })) continue;
            return rule.action == SeccompAction::allow ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | rule.errno_ret.value_or(1);
        }
    return number >= 0x40000000 && number != 0xffffffff ? SECCOMP_RET_KILL_PROCESS : denied;
}

} // namespace

TEST_CASE("names are looked up per architecture, unknown ones skipped") {
    const auto program = compile_seccomp(policy_of({{{"read", "time", "no_such_call"}, SeccompAction::allow, {}, {}}}));
    CHECK(decide(program, AUDIT_ARCH_X86_64, 0) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 1) == denied);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 201) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_I386, 3) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_I386, 0) == denied);
}

TEST_CASE("other architectures and x32 kill the process, a skipped call gets the default") {
    const auto program = compile_seccomp(policy_of({{{"read"}, SeccompAction::allow, {}, {}}}));
    CHECK(decide(program, AUDIT_ARCH_AARCH64, 63) == SECCOMP_RET_KILL_PROCESS);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 0x40000000) == SECCOMP_RET_KILL_PROCESS);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 0xffffffff) == denied);
    const auto only_native = compile_seccomp(policy_of({}, {"SCMP_ARCH_X86_64"}));
    CHECK(decide(only_native, AUDIT_ARCH_I386, 3) == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("x32 is open only where it is listed") {
    const auto program =
        compile_seccomp(policy_of({{{"read"}, SeccompAction::allow, {}, {}}}, {"SCMP_ARCH_X86_64", "SCMP_ARCH_X32"}));
    CHECK(decide(program, AUDIT_ARCH_X86_64, 0x40000000) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 0x40000001) == denied);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 0) == SECCOMP_RET_ALLOW);
}

TEST_CASE("calls newer than libseccomp are known by number") {
    const auto program = compile_seccomp(policy_of({{{"mseal", "setxattrat", "uretprobe"}, SeccompAction::allow, {}, {}}}));
    for (const std::uint32_t number : {462u, 463u, 335u}) CHECK(decide(program, AUDIT_ARCH_X86_64, number) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_I386, 462) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_I386, 335) == denied);
}

TEST_CASE("the own table agrees with libseccomp where that knows the names") {
    for (const char* name : {"cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "mseal"}) {
        const int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name);
        if (number >= 0) CHECK(rootless::find_syscall(SCMP_ARCH_X86_64, name).direct == static_cast<std::uint32_t>(number));
    }
}

TEST_CASE("a refused 32-bit socket call is refused through socketcall too") {
    Seccomp policy = policy_of({{{"connect", "semget"}, SeccompAction::error, 13, {}}});
    policy.default_action = SeccompAction::allow;
    const auto program = compile_seccomp(policy);
    constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | 13;
    CHECK(decide(program, AUDIT_ARCH_I386, 362) == refused);
    CHECK(decide(program, AUDIT_ARCH_I386, 102, {3}) == refused);
    CHECK(decide(program, AUDIT_ARCH_I386, 102, {2}) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_I386, 117, {2}) == refused);
    CHECK(decide(program, AUDIT_ARCH_I386, 117, {0x10002}) == refused); // ipc(2)'s version bits
    CHECK(decide(program, AUDIT_ARCH_I386, 117, {1}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("the first matching rule decides") {
    const auto program = compile_seccomp(policy_of({{{"socket"}, SeccompAction::error, 22, {{0, 16, 0, SeccompOp::equal}, {2, 9, 0, SeccompOp::equal}}},
                                                    {{"socket"}, SeccompAction::allow, {}, {}},
                                                    {{"socket"}, SeccompAction::error, 1, {}}}));
    CHECK(decide(program, AUDIT_ARCH_X86_64, 41, {16, 0, 9}) == (SECCOMP_RET_ERRNO | 22));
    CHECK(decide(program, AUDIT_ARCH_X86_64, 41, {16, 0, 8}) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 41, {2}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("two conditions on one argument are alternatives") {
    const auto program = compile_seccomp(policy_of(
        {{{"personality"}, SeccompAction::allow, {}, {{0, 0, 0, SeccompOp::equal}, {0, 8, 0, SeccompOp::equal}}}}));
    CHECK(decide(program, AUDIT_ARCH_X86_64, 135, {0}) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 135, {8}) == SECCOMP_RET_ALLOW);
    CHECK(decide(program, AUDIT_ARCH_X86_64, 135, {4}) == denied);
}

TEST_CASE("random policies decide as the model does") {
    std::mt19937_64 random(20261122); // seeded: a failure repeats
    const std::vector<std::string> names{"read", "write", "open", "close", "stat", "mmap", "clone", "socket", "mseal", "kexec_load"};
    const std::vector<std::uint64_t> values{0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, ~0ull, ~0ull - 1};
    const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
    for (int round = 0; round < 300; ++round) {
        std::vector<SeccompRule> rules;
        for (std::uint64_t i = random() % 12; i > 0; --i) {
            SeccompRule rule{{pick(names), pick(names)}, random() % 2 ? SeccompAction::allow : SeccompAction::error, {}, {}};
            rule.errno_ret = static_cast<std::uint32_t>(random() % 100);
            for (std::uint32_t index = 0; index < 6; ++index)
                if (random() % 4 == 0)
                    rule.args.push_back({index, pick(values), pick(values), static_cast<SeccompOp>(random() % 7)});
            rules.push_back(std::move(rule));
        }
        const Seccomp policy = policy_of(std::move(rules));
        const auto program = compile_seccomp(policy);
        for (int call = 0; call < 200; ++call) {
            const auto number = static_cast<std::uint32_t>(random() % 8 == 0 ? pick(values) : random() % 470);
            Args args;
            for (std::uint64_t& arg : args) arg = pick(values);
            const std::uint32_t wanted = rootless::find_syscall(SCMP_ARCH_X86_64, pick(names)).direct.value_or(number);
            for (const std::uint32_t tried : {number, wanted})
                REQUIRE(decide(program, AUDIT_ARCH_X86_64, tried, args) == model(policy, tried, args));
        }
    }
}

TEST_CASE("what cannot be expressed is refused by name") {
    CHECK_THROWS_WITH_AS(compile_seccomp(policy_of({}, {"SCMP_ARCH_PDP11"})),
                         "linux.seccomp.architectures: unknown architecture \"SCMP_ARCH_PDP11\"", Error);
    CHECK_NOTHROW(compile_seccomp(policy_of({{{"read"}, SeccompAction::notify, {}, {}}})));
    CHECK_THROWS_WITH_AS(compile_seccomp(policy_of({{{"sendmsg"}, SeccompAction::notify, {}, {}}})),
                         "linux.seccomp: sendmsg cannot be SCMP_ACT_NOTIFY: by it the listener is passed on", Error);
    std::vector<SeccompRule> many;
    for (std::uint64_t value = 0; value < 2000; ++value)
        many.push_back({{"read"}, SeccompAction::allow, {}, {{0, value, 0, SeccompOp::equal}}});
    CHECK_THROWS_AS(compile_seccomp(policy_of(std::move(many))), Error);
}

TEST_CASE("filter flags become seccomp(2)'s") {
    Seccomp policy;
    policy.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
    CHECK(rootless::seccomp_filter_flags(policy) == (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
    policy.flags = {"SECCOMP_FILTER_FLAG_NEW_LISTENER"};
    CHECK_THROWS_AS(rootless::seccomp_filter_flags(policy), Error);
}
