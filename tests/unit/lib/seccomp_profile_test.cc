#include "lib/seccomp_profile.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <cerrno>

using lib::SeccompTarget;
using Words = std::vector<std::string>;

namespace {

const SeccompTarget plain{0, "amd64", 6, 1};

oci::Seccomp parse(const std::string& text, const SeccompTarget& target = plain) { return lib::parse_seccomp_profile(text, target); }

/// A profile with one rule, and whether it is in force.
bool applies(const std::string& conditions, const SeccompTarget& target = plain) {
    const std::string text = R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",)" + conditions + "}]}";
    return !parse(text, target).syscalls.empty();
}

} // namespace

TEST_CASE("a profile becomes the runtime spec's section") {
    const auto policy = parse(R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"defaultErrno":"ENOSYS",
        "archMap":[{"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]},
                   {"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]}],
        "syscalls":[{"names":["bdflush"],"action":"SCMP_ACT_ERRNO","errno":"EPERM","errnoRet":1,"args":[],"comment":"","includes":{},"excludes":{}},
                    {"name":"personality","action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967295,"valueTwo":0,"op":"SCMP_CMP_EQ"}]},
                    {"names":["socket"],"action":"SCMP_ACT_ALLOW","args":null}]})");
    CHECK(policy.default_action == oci::SeccompAction::error);
    CHECK(policy.default_errno_ret == ENOSYS);
    CHECK(policy.architectures == Words{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"});
    REQUIRE(policy.syscalls.size() == 3);
    CHECK(policy.syscalls[0].errno_ret == EPERM);
    CHECK(policy.syscalls[1].names == Words{"personality"});
    CHECK(policy.syscalls[1].args.at(0).value == 0xffffffff);
}

TEST_CASE("includes asks for all of its capabilities, excludes for one") {
    const SeccompTarget admin{rootless::cap_bit(rootless::cap::sys_admin), "amd64", 6, 1};
    CHECK_FALSE(applies(R"("includes":{"caps":["CAP_SYS_ADMIN"]})"));
    CHECK(applies(R"("includes":{"caps":["CAP_SYS_ADMIN"]})", admin));
    CHECK_FALSE(applies(R"("includes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]})", admin));
    CHECK(applies(R"("excludes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]})"));
    CHECK_FALSE(applies(R"("excludes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]})", admin));
}

TEST_CASE("architectures and kernels are compared") {
    CHECK(applies(R"("includes":{"arches":["amd64","x32"]})"));
    CHECK_FALSE(applies(R"("includes":{"arches":["arm64"]})"));
    CHECK_FALSE(applies(R"("excludes":{"arches":["amd64"]})"));
    CHECK(applies(R"("includes":{"minKernel":"4.8"})"));
    CHECK(applies(R"("includes":{"minKernel":"6.1"})"));
    CHECK_FALSE(applies(R"("includes":{"minKernel":"6.2"})"));
    CHECK_FALSE(applies(R"("includes":{"minKernel":"10.0"})"));
    CHECK_FALSE(applies(R"("excludes":{"minKernel":"5.0"})"));
}

TEST_CASE("this machine is a target") {
    const SeccompTarget target = lib::native_seccomp_target(3);
    CHECK(target.caps == 3);
    CHECK(target.kernel_major >= 4);
    CHECK_FALSE(target.architecture.empty());
}

TEST_CASE("errors name the field") {
    const auto rule = [](const std::string& rest) {
        return R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG"},{)" + rest + "}]}";
    };
    CHECK_THROWS_WITH_AS(parse("{}"), "seccomp profile: defaultAction: missing", Error);
    CHECK_THROWS_WITH_AS(parse(rule(R"("names":["a"],"action":"X")")), "seccomp profile: syscalls[1].action: unknown action \"X\"", Error);
    CHECK_THROWS_WITH_AS(parse(rule(R"("names":["a"],"action":"SCMP_ACT_ERRNO","errno":"EX")")),
                         "seccomp profile: syscalls[1].errno: unknown errno \"EX\"", Error);
    CHECK_THROWS_WITH_AS(parse(rule(R"("names":["a"],"action":"SCMP_ACT_LOG","errnoRet":1)")),
                         "seccomp profile: syscalls[1].errnoRet: SCMP_ACT_LOG takes no errno", Error);
    CHECK_THROWS_WITH_AS(parse(rule(R"("names":["a"],"action":"SCMP_ACT_LOG","includes":{"caps":["NOPE"]})")),
                         "seccomp profile: syscalls[1].includes.caps: unknown capability \"NOPE\"", Error);
    CHECK_THROWS_WITH_AS(parse(rule(R"("names":["a"],"action":"SCMP_ACT_LOG","excludes":{"minKernel":"new"})")),
                         "seccomp profile: syscalls[1].excludes.minKernel: \"new\" is no kernel version such as 4.8", Error);
    for (const char* text : {"", "[]", "{", R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["A"],"archMap":[{"architecture":"B"}]})",
                             R"({"defaultAction":"SCMP_ACT_ALLOW","listenerMetadata":"x"})", R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_LOG"}]})",
                             R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"],"action":"SCMP_ACT_LOG"}]})"})
        CHECK_THROWS_AS_MESSAGE(parse(text), Error, text);
}
