#include "base/oci/runtime_spec.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using nlohmann::json;
using oci::parse_runtime_spec;
using oci::RuntimeSpec;
using oci::to_json_text;

namespace {

/// Every member set, none to its default.
RuntimeSpec full_spec() {
    RuntimeSpec spec;
    spec.process.terminal = true;
    spec.process.user = {7, 8, 0027, {9, 4294967295}};
    spec.process.args = {"sh", "-c", "echo \"quoted\" \n", ""};
    spec.process.env = {"A=1", "B="};
    spec.process.cwd = "/work";
    spec.process.capabilities = {{"CAP_KILL", "CAP_CHOWN"}, {"CAP_KILL"}, {"CAP_CHOWN"}, {"CAP_SETUID"}, {"CAP_SETGID"}};
    spec.process.rlimits = {{"RLIMIT_NOFILE", 10, 18446744073709551615u}, {"RLIMIT_CORE", 0, 0}};
    spec.process.no_new_privileges = true;
    spec.process.oom_score_adj = -500;
    spec.root_path = "/root/path";
    spec.root_readonly = true;
    spec.hostname = "box";
    spec.mounts = {{"/proc", "proc", "proc", {"nosuid", "noexec"}}, {"/data", "bind", "/host/data", {}}};
    spec.annotations = {{"a", "1"}, {"b", ""}};
    spec.uid_mappings = {{0, 1000, 1}, {1, 100000, 65536}};
    spec.gid_mappings = {{0, 1001, 1}};
    spec.namespaces = {{"user", ""}, {"network", "/proc/1/ns/net"}};
    spec.sysctl = {{"net.a", "1"}, {"net.b", "2 3"}};
    spec.personality = "LINUX32";
    oci::Resources& r = spec.resources;
    r.cpu_quota = 50000;
    r.cpu_period = 100000;
    r.cpu_shares = 2;
    r.cpuset_cpus = "0-1";
    r.cpuset_mems = "0";
    r.memory_limit = 1 << 20;
    r.memory_reservation = 3;
    r.memory_swap = -1;
    r.pids_limit = -1;
    r.blkio_weight = 1000;
    r.blkio_weight_device = {{8, 0, 10}};
    r.read_bps = {{8, 0, 18446744073709551615u}};
    r.write_bps = {{8, 1, 2}};
    r.read_iops = {{8, 2, 3}};
    r.write_iops = {{8, 3, 4}, {9, 4, 5}};
    r.unified = {{"memory.high", "1"}};
    spec.cgroups_path = "ctl-1";
    spec.seccomp = oci::Seccomp{oci::SeccompAction::error, 38, {"SCMP_ARCH_X86_64"}, {}, {{{"read"}, oci::SeccompAction::allow, {}, {}}}};
    spec.rootfs_propagation = "private";
    spec.masked_paths = {"/proc/kcore"};
    spec.readonly_paths = {"/proc/sys"};
    return spec;
}

constexpr const char* smallest = R"({"ociVersion": "1.2.0"})";

/// What parsing says after the pointed-to member of the full document was replaced (or, by a discarded value, removed).
std::string error_after(const char* pointer, const json& value) {
    json document = json::parse(to_json_text(full_spec()));
    const json::json_pointer place(pointer);
    REQUIRE_MESSAGE(document.contains(place), pointer);
    if (value.is_discarded()) document.at(place.parent_pointer()).erase(place.back());
    else document.at(place) = value;
    try {
        (void)parse_runtime_spec(document.dump(), "config.json");
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

const json removed = json(json::value_t::discarded);

} // namespace

TEST_CASE("a full document survives the way out and in") {
    const RuntimeSpec spec = full_spec();
    const RuntimeSpec back = parse_runtime_spec(to_json_text(spec), "config.json");
    CHECK(to_json_text(back) == to_json_text(spec));
    // Text against text would miss what neither writes nor reads.
    CHECK(back.process.terminal);
    CHECK(back.process.user.uid == 7);
    CHECK(back.process.user.gid == 8);
    CHECK(back.process.user.umask == 0027);
    CHECK(back.process.user.additional_gids == spec.process.user.additional_gids);
    CHECK(back.process.args == spec.process.args);
    CHECK(back.process.env == spec.process.env);
    CHECK(back.process.cwd == "/work");
    CHECK(back.process.capabilities.bounding == spec.process.capabilities.bounding);
    CHECK(back.process.capabilities.effective == spec.process.capabilities.effective);
    CHECK(back.process.capabilities.inheritable == spec.process.capabilities.inheritable);
    CHECK(back.process.capabilities.permitted == spec.process.capabilities.permitted);
    CHECK(back.process.capabilities.ambient == spec.process.capabilities.ambient);
    REQUIRE(back.process.rlimits.size() == 2);
    CHECK(back.process.rlimits[0].soft == 10);
    CHECK(back.process.rlimits[0].hard == 18446744073709551615u);
    CHECK(back.process.no_new_privileges);
    CHECK(back.process.oom_score_adj == -500);
    CHECK(back.root_path == "/root/path");
    CHECK(back.root_readonly);
    CHECK(back.hostname == "box");
    REQUIRE(back.mounts.size() == 2);
    CHECK(back.mounts[0].options == spec.mounts[0].options);
    CHECK(back.mounts[1].source == "/host/data");
    CHECK(back.annotations == spec.annotations);
    REQUIRE(back.uid_mappings.size() == 2);
    CHECK(back.uid_mappings[1].size == 65536);
    REQUIRE(back.gid_mappings.size() == 1);
    CHECK(back.gid_mappings[0].host_id == 1001);
    REQUIRE(back.namespaces.size() == 2);
    CHECK(back.namespaces[1].path == "/proc/1/ns/net");
    CHECK(back.sysctl == spec.sysctl);
    CHECK(back.resources == full_spec().resources);
    CHECK(back.personality == "LINUX32");
    CHECK(back.cgroups_path == "ctl-1");
    CHECK(back.seccomp == spec.seccomp);
    CHECK(back.rootfs_propagation == "private");
    CHECK(back.masked_paths == spec.masked_paths);
    CHECK(back.readonly_paths == spec.readonly_paths);
}

TEST_CASE("only the version is needed, and the rest has the specification's defaults") {
    const RuntimeSpec spec = parse_runtime_spec(smallest, "config.json");
    CHECK(spec.process.args.empty());
    CHECK(spec.process.cwd == "/");
    CHECK(spec.resources.empty());
    CHECK_FALSE(spec.seccomp);
    CHECK_FALSE(spec.process.oom_score_adj);
    CHECK_FALSE(spec.has_namespace("user"));
}

TEST_CASE("null and unknown members count as absent") {
    const RuntimeSpec spec = parse_runtime_spec(R"({"ociVersion": "1.0.2", "process": {"cwd": "/", "args": null, "user": null,
        "capabilities": null, "rlimits": null, "oomScoreAdj": null, "consoleSize": {"height": 1}}, "root": null, "mounts": null,
        "linux": {"resources": null, "seccomp": null, "uidMappings": null, "intelRdt": [1]}, "hooks": {"prestart": []}})", "config.json");
    CHECK(spec.mounts.empty());
    CHECK(spec.process.args.empty());
    CHECK_FALSE(spec.seccomp);
}

TEST_CASE("hostile documents are refused by the name of the field") {
    struct Case {
        const char* pointer;
        json value;
        const char* expected; ///< how the message starts after the file's name
    };
    const Case cases[] = {
        {"/ociVersion", removed, "ociVersion: missing"},
        {"/ociVersion", nullptr, "ociVersion: missing"},
        {"/ociVersion", 1, "ociVersion: expected a string"},
        {"/ociVersion", "2.0.0", "ociVersion: version 2.0.0 is not known"},
        {"/process", "sh", "process: expected an object"},
        {"/process/terminal", "yes", "process.terminal: expected true or false"},
        {"/process/user", 0, "process.user: expected an object"},
        {"/process/user/uid", -1, "process.user.uid: expected a whole number"},
        {"/process/user/uid", 0.5, "process.user.uid: expected a whole number"},
        {"/process/user/uid", 4294967296, "process.user.uid: 4294967296 is more than"},
        {"/process/user/uid", removed, "process.user.uid: missing"},
        {"/process/user/gid", nullptr, "process.user.gid: missing"},
        {"/process/user/additionalGids", 5, "process.user.additionalGids: expected a list"},
        {"/process/user/additionalGids/0", "5", "process.user.additionalGids: expected a list of 32-bit"},
        {"/process/user/additionalGids/0", 4294967296, "process.user.additionalGids: expected a list of 32-bit"},
        {"/process/args", "sh", "process.args: expected a list of strings"},
        {"/process/args/1", 7, "process.args: expected a list of strings"},
        {"/process/env", {{"A", "1"}}, "process.env: expected a list of strings"},
        {"/process/cwd", removed, "process.cwd: missing"},
        {"/process/cwd", json::array(), "process.cwd: expected a string"},
        {"/process/capabilities", json::array(), "process.capabilities: expected an object"},
        {"/process/capabilities/bounding", "CAP_KILL", "process.capabilities.bounding: expected a list"},
        {"/process/rlimits", {{"type", "RLIMIT_CPU"}}, "process.rlimits: expected a list of objects"},
        {"/process/rlimits/1", nullptr, "process.rlimits[1]: expected an object"},
        {"/process/rlimits/0/type", removed, "process.rlimits[0].type: missing"},
        {"/process/rlimits/0/soft", removed, "process.rlimits[0].soft: missing"},
        {"/process/rlimits/0/hard", -1, "process.rlimits[0].hard: expected a whole number"},
        {"/process/oomScoreAdj", 4294967296, "process.oomScoreAdj: 4294967296 is out of range"},
        {"/process/oomScoreAdj", "low", "process.oomScoreAdj: expected a whole number"},
        {"/root", "/", "root: expected an object"},
        {"/root/readonly", 1, "root.readonly: expected true or false"},
        {"/mounts", json::object(), "mounts: expected a list of objects"},
        {"/mounts/1/destination", removed, "mounts[1].destination: missing"},
        {"/mounts/0/options", "ro", "mounts[0].options: expected a list of strings"},
        {"/annotations", json::array(), "annotations: expected an object of strings"},
        {"/annotations/a", 1, "annotations: expected an object of strings"},
        {"/linux", json::array(), "linux: expected an object"},
        {"/linux/namespaces/0/type", removed, "linux.namespaces[0].type: missing"},
        {"/linux/uidMappings/1/size", 4294967296, "linux.uidMappings[1].size: 4294967296 is more than"},
        {"/linux/gidMappings/0/hostID", "0", "linux.gidMappings[0].hostID: expected a whole number"},
        {"/linux/sysctl/net.a", 1, "linux.sysctl: expected an object of strings"},
        {"/linux/resources/cpu/quota", 18446744073709551615u, "linux.resources.cpu.quota: 18446744073709551615 is out of range"},
        {"/linux/resources/cpu/period", -1, "linux.resources.cpu.period: expected a whole number from 0"},
        {"/linux/resources/memory", 5, "linux.resources.memory: expected an object"},
        {"/linux/resources/pids/limit", true, "linux.resources.pids.limit: expected a whole number"},
        {"/linux/seccomp/defaultAction", "SCMP_ACT_SHRUG", "linux.seccomp: defaultAction: unknown action"},
        {"/linux/seccomp/syscalls/0/names", removed, "linux.seccomp: syscalls[0].names: missing"},
        {"/linux/maskedPaths", "/proc", "linux.maskedPaths: expected a list of strings"},
        {"/linux/readonlyPaths/0", nullptr, "linux.readonlyPaths: expected a list of strings"},
    };
    for (const Case& c : cases) {
        const std::string error = error_after(c.pointer, c.value);
        CHECK_MESSAGE(error.starts_with(std::string("config.json: ") + c.expected), c.pointer, " said: ", error);
    }
}

TEST_CASE("what is no JSON object is refused by the file's name") {
    for (const char* text : {"", "{", "[]", "null", "\"{}\"", "{\"ociVersion\": \"1.2.0\"} x"}) {
        std::string error = "no error";
        try {
            (void)parse_runtime_spec(text, "config.json");
        } catch (const Error& e) {
            error = e.what();
        }
        CHECK_MESSAGE(error.starts_with("config.json"), text, " said: ", error);
    }
}
