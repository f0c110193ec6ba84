#include "base/oci/runtime_spec.h"

#include "base/error.h"
#include "tests/unit/oci/full_spec.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using nlohmann::json;
using oci::parse_runtime_spec;
using oci::RuntimeSpec;
using oci::to_json_text;

namespace {

constexpr const char* smallest = R"({"ociVersion": "1.2.0", "root": {"path": "rootfs"}})";

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
    REQUIRE(back.process.console_size);
    CHECK(back.process.console_size->rows == 25);
    CHECK(back.process.console_size->columns == 80);
    REQUIRE(back.process.scheduler);
    CHECK(back.process.scheduler->policy == "SCHED_DEADLINE");
    CHECK(back.process.scheduler->nice == 5);
    CHECK(back.process.scheduler->flags == spec.process.scheduler->flags);
    CHECK(back.process.scheduler->runtime == 10);
    CHECK(back.process.scheduler->deadline == 20);
    CHECK(back.process.scheduler->period == 30);
    REQUIRE(back.process.io_priority);
    CHECK(back.process.io_priority->io_class == "IOPRIO_CLASS_BE");
    CHECK(back.process.io_priority->priority == 7);
    REQUIRE(back.process.exec_cpu_affinity);
    CHECK(back.process.exec_cpu_affinity->initial == "7");
    CHECK(back.process.exec_cpu_affinity->final == "0-3,7");
    CHECK(back.process.apparmor_profile == "acme");
    CHECK(back.process.selinux_label == "u:r:t:s0:c1,c2");
    CHECK(back.root_path == "/root/path");
    CHECK(back.root_readonly);
    CHECK(back.hostname == "box");
    CHECK(back.domainname == "example.test");
    REQUIRE(back.hooks.prestart.size() == 2);
    CHECK(back.hooks.prestart[0].args == spec.hooks.prestart[0].args);
    CHECK(back.hooks.prestart[0].env == spec.hooks.prestart[0].env);
    CHECK(back.hooks.prestart[0].timeout == 5);
    CHECK_FALSE(back.hooks.prestart[1].timeout);
    REQUIRE(back.hooks.create_runtime.size() == 1);
    CHECK(back.hooks.create_runtime[0].path == "/h/createRuntime");
    REQUIRE(back.hooks.create_container.size() == 1);
    CHECK(back.hooks.create_container[0].path == "/h/createContainer");
    REQUIRE(back.hooks.start_container.size() == 1);
    CHECK(back.hooks.start_container[0].path == "/h/startContainer");
    REQUIRE(back.hooks.poststart.size() == 1);
    CHECK(back.hooks.poststart[0].path == "/h/poststart");
    REQUIRE(back.hooks.poststop.size() == 1);
    CHECK(back.hooks.poststop[0].path == "/h/poststop");
    REQUIRE(back.mounts.size() == 2);
    CHECK(back.mounts[0].options == spec.mounts[0].options);
    CHECK(back.mounts[1].source == "/host/data");
    CHECK(back.annotations == spec.annotations);
    REQUIRE(back.uid_mappings.size() == 2);
    CHECK(back.uid_mappings[1].size == 65536);
    REQUIRE(back.gid_mappings.size() == 1);
    CHECK(back.gid_mappings[0].host_id == 1001);
    REQUIRE(back.mounts[1].uid_mappings.size() == 1);
    CHECK(back.mounts[1].uid_mappings[0].host_id == 1000);
    REQUIRE(back.mounts[1].gid_mappings.size() == 1);
    CHECK(back.mounts[1].gid_mappings[0].size == 3);
    REQUIRE(back.devices.size() == 4);
    CHECK(back.devices[0].path == "/dev/fuse");
    CHECK(back.devices[0].minor == 229);
    CHECK(back.devices[0].file_mode == 0666);
    CHECK(back.devices[0].uid == 1);
    CHECK(back.devices[0].gid == 2);
    CHECK(back.devices[1].type == 'b');
    CHECK(back.devices[1].major == 8);
    CHECK_FALSE(back.devices[1].file_mode);
    CHECK(back.devices[2].type == 'p');
    REQUIRE(back.time_offsets.size() == 2);
    CHECK(back.time_offsets[0].clock == "boottime");
    CHECK(back.time_offsets[0].seconds == -5);
    CHECK(back.time_offsets[0].nanoseconds == 999999999);
    CHECK(back.mount_label == "u:o:f:s0");
    REQUIRE(back.namespaces.size() == 4);
    CHECK(back.makes_namespace("time"));
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

TEST_CASE("only version and root are needed, and the rest has the specification's defaults") {
    const RuntimeSpec spec = parse_runtime_spec(smallest, "config.json");
    CHECK(spec.process.args.empty());
    CHECK(spec.process.cwd == "/");
    CHECK(spec.resources.empty());
    CHECK_FALSE(spec.seccomp);
    CHECK_FALSE(spec.process.oom_score_adj);
    CHECK_FALSE(spec.has_namespace("user"));
    CHECK(spec.root_path == "rootfs");
    CHECK_FALSE(json::parse(to_json_text(spec)).contains("process"));
}

TEST_CASE("null and unknown members count as absent") {
    const RuntimeSpec spec = parse_runtime_spec(R"({"ociVersion": "1.0.2-dev+x.1", "process": {"cwd": "/", "args": ["x"], "user": null,
        "capabilities": null, "rlimits": null, "oomScoreAdj": null, "consoleSize": {"height": 1}, "scheduler": null, "brand": 3},
        "root": {"path": "r", "mood": "blue"}, "mounts": null, "linux": {"resources": null, "seccomp": null, "uidMappings": null,
        "intelRdt": null, "netDevices": {}, "novelty": [1]}, "hooks": {"prestart": [], "preposterous": 1}, "windows": 5, "vm": {"kernel": 1},
        "solaris": [], "zos": 0})", "config.json");
    CHECK(spec.mounts.empty());
    CHECK_FALSE(spec.process.console_size); // there is no terminal
    CHECK_FALSE(spec.process.scheduler);
    CHECK_FALSE(spec.seccomp);
    CHECK(spec.hooks.prestart.empty());
}

TEST_CASE("what container engines write for nothing in particular limits nothing") {
    const oci::Resources r = oci::parse_resources(R"({"cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0},
        "memory": {"kernel": -1, "kernelTCP": 5, "useHierarchy": true, "disableOOMKiller": false}, "blockIO": {"weight": 0, "leafWeight": 0},
        "network": {"classID": 0, "priorities": []}})", "file");
    CHECK(r.empty());
    CHECK(oci::parse_resources(R"({"pids": {"limit": 0}})", "file").pids_limit == 0); // a limit like any other
}

TEST_CASE("relative destinations and device paths begin at the root") {
    const RuntimeSpec spec = parse_runtime_spec(R"({"ociVersion": "1.0.0", "root": {"path": "r"}, "mounts": [{"destination": "data/x"}],
        "linux": {"devices": [{"path": "dev/x", "type": "p", "fileMode": 4480}]}})", "config.json");
    CHECK(spec.mounts.at(0).destination == "/data/x");
    CHECK(spec.devices.at(0).path == "/dev/x");
    CHECK(spec.devices.at(0).file_mode == 0600); // S_IFIFO | 0600, as st_mode has it
}

TEST_CASE("a device rule that leaves members out is about all") {
    const oci::Resources r = oci::parse_resources(R"({"devices": [{"allow": false}, {"allow": true, "type": "c", "major": -1, "minor": 3, "access": "mr"}]})", "file");
    CHECK(r.devices == std::vector<oci::DeviceRule>{{false, 'a', {}, {}, true, true, true}, {true, 'c', {}, 3, true, false, true}});
}

TEST_CASE("a process and resources are read on their own") {
    CHECK(oci::parse_process(R"({"cwd": "/", "args": ["x"], "user": {"uid": 1, "gid": 2}})", "p.json").user.gid == 2);
    CHECK_THROWS_WITH_AS(oci::parse_process(R"({"cwd": "/", "args": []})", "p.json"), "p.json: args: missing: there is nothing to run", Error);
    CHECK_THROWS_WITH_AS(oci::parse_process(R"({"cwd": "/\u0000", "args": ["x"]})", "p.json"), "p.json: process.cwd: contains a NUL character", Error);
    CHECK_THROWS_WITH_AS(oci::parse_resources(R"({"cpu": {"idle": 2}})", "r.json"), "r.json: cpu.idle: 2 is out of range, which is 0 to 1", Error);
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
