#include "base/oci/seccomp.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;
using oci::Seccomp;

TEST_CASE("a seccomp section survives the way out and in") {
    const Seccomp original{oci::SeccompAction::error, 38, {"SCMP_ARCH_X86_64"}, {"SECCOMP_FILTER_FLAG_LOG"},
                           {{{"read", "write"}, oci::SeccompAction::allow, {}, {}},
                            {{"socket"}, oci::SeccompAction::error, 97, {{0, ~0ull, 5, oci::SeccompOp::masked_equal}}}}};
    const json text = original;
    CHECK(text.at("syscalls").at(1).at("args").at(0).at("op") == "SCMP_CMP_MASKED_EQ");
    CHECK(json::parse(text.dump()).get<Seccomp>() == original);
}

TEST_CASE("every action and comparison has one name") {
    for (int i = 0; i <= static_cast<int>(oci::SeccompAction::notify); ++i) {
        const auto action = static_cast<oci::SeccompAction>(i);
        CHECK(oci::find_seccomp_action(oci::seccomp_action_name(action)) == action);
    }
    for (int i = 0; i <= static_cast<int>(oci::SeccompOp::masked_equal); ++i) {
        const auto op = static_cast<oci::SeccompOp>(i);
        CHECK(oci::find_seccomp_op(oci::seccomp_op_name(op)) == op);
    }
    CHECK(oci::find_seccomp_action("SCMP_ACT_KILL") == oci::SeccompAction::kill_thread);
}

TEST_CASE("errors name the field") {
    const auto parse = [](const char* text) { return json::parse(text).get<Seccomp>(); };
    CHECK_THROWS_WITH_AS(parse(R"({})"), "linux.seccomp: defaultAction: missing", Error);
    CHECK_THROWS_WITH_AS(parse(R"({"defaultAction":"SCMP_ACT_MAYBE"})"),
                         "linux.seccomp: defaultAction: unknown action \"SCMP_ACT_MAYBE\"", Error);
    CHECK_THROWS_WITH_AS(parse(R"({"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/x"})"),
                         "linux.seccomp: defaultAction: SCMP_ACT_NOTIFY cannot be for everything: by system calls the listener is passed on", Error);
    CHECK_THROWS_WITH_AS(parse(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_NOTIFY"}]})"),
                         "linux.seccomp: listenerPath: missing, and SCMP_ACT_NOTIFY needs somebody to ask", Error);
    CHECK(!parse(R"({"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x"})").notifies()); // then it is ignored
    CHECK_THROWS_WITH_AS(parse(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]})"),
                         "linux.seccomp: syscalls[0].args[0].index: system calls have the arguments 0 to 5", Error);
    CHECK_THROWS_AS(parse(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_LOG"}]})"), Error);
    CHECK_THROWS_AS(parse(R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096})"), Error);
    CHECK_THROWS_AS(parse(R"([])"), Error);
}
