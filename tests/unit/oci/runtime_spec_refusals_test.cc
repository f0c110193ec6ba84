// What the reader of config.json refuses, member by member.
#include "base/oci/runtime_spec.h"

#include "base/error.h"
#include "tests/unit/oci/full_spec.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using nlohmann::json;
using oci::parse_runtime_spec;
using oci::to_json_text;

namespace {

/// What parsing says after the pointed-to member of the full document was set (or, by a discarded value, removed).
std::string error_after(const char* pointer, const json& value) {
    json document = json::parse(to_json_text(full_spec()));
    const json::json_pointer place(pointer);
    REQUIRE_MESSAGE(document.contains(place.parent_pointer()), pointer);
    if (value.is_discarded()) REQUIRE_MESSAGE(document.contains(place), pointer);
    if (value.is_discarded()) document.at(place.parent_pointer()).erase(place.back());
    else document[place] = value;
    try {
        (void)parse_runtime_spec(document.dump(), "config.json");
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

const json removed = json(json::value_t::discarded);

} // namespace

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
        {"/ociVersion", "1", "ociVersion: \"1\" is no version"},
        {"/ociVersion", "1.2", "ociVersion: \"1.2\" is no version"},
        {"/ociVersion", "1.02.0", "ociVersion: \"1.02.0\" is no version"},
        {"/ociVersion", "1.2.0-", "ociVersion: \"1.2.0-\" is no version"},
        {"/ociVersion", "1.2.0+", "ociVersion: \"1.2.0+\" is no version"},
        {"/ociVersion", "1.2.0 ", "ociVersion: \"1.2.0 \" is no version"},
        {"/ociVersion", "10.0.0", "ociVersion: version 10.0.0 is not known"},
        {"/ociVersion", "2.0.0", "ociVersion: version 2.0.0 is not known"},
        {"/process", "sh", "process: expected an object"},
        {"/process/terminal", "yes", "process.terminal: expected true or false"},
        {"/process/user", 0, "process.user: expected an object"},
        {"/process/user/uid", -1, "process.user.uid: expected a whole number"},
        {"/process/user/uid", 0.5, "process.user.uid: expected a whole number"},
        {"/process/user/uid", 4294967296, "process.user.uid: 4294967296 is more than"},
        {"/process/user/uid", removed, "process.user.uid: missing"},
        {"/process/user/gid", nullptr, "process.user.gid: missing"},
        {"/process/user/uid", 4294967295, "process.user.uid: 4294967295 is more than"},
        {"/process/user/umask", 512, "process.user.umask: 512 is more than"},
        {"/process/user/additionalGids", 5, "process.user.additionalGids: expected a list"},
        {"/process/user/additionalGids/0", "5", "process.user.additionalGids: expected a list of 32-bit"},
        {"/process/user/additionalGids/0", 4294967295, "process.user.additionalGids: expected a list of 32-bit"},
        {"/process/user/additionalGids/0", 4294967296, "process.user.additionalGids: expected a list of 32-bit"},
        {"/process/args", "sh", "process.args: expected a list of strings"},
        {"/process/args", removed, "process.args: missing"},
        {"/process/args", json::array(), "process.args: missing"},
        {"/process/args/1", std::string("a\0b", 3), "process.args[1]: contains a NUL"},
        {"/process/args/1", 7, "process.args: expected a list of strings"},
        {"/process/env", {{"A", "1"}}, "process.env: expected a list of strings"},
        {"/process/cwd", removed, "process.cwd: missing"},
        {"/process/cwd", "work", "process.cwd: \"work\" is not an absolute path"},
        {"/process/cwd", json::array(), "process.cwd: expected a string"},
        {"/process/capabilities", json::array(), "process.capabilities: expected an object"},
        {"/process/capabilities/bounding", "CAP_KILL", "process.capabilities.bounding: expected a list"},
        {"/process/rlimits", {{"type", "RLIMIT_CPU"}}, "process.rlimits: expected a list of objects"},
        {"/process/rlimits/1", nullptr, "process.rlimits[1]: expected an object"},
        {"/process/rlimits/0/type", removed, "process.rlimits[0].type: missing"},
        {"/process/rlimits/0/soft", removed, "process.rlimits[0].soft: missing"},
        {"/process/rlimits/0/hard", -1, "process.rlimits[0].hard: expected a whole number"},
        {"/process/rlimits/1/type", "RLIMIT_NOFILE", "process.rlimits[1].type: RLIMIT_NOFILE is there twice"},
        {"/process/rlimits/1/type", "RLIMIT_HUMOUR", "process.rlimits[1].type: unknown word"},
        {"/process/rlimits/1/soft", 1, "process.rlimits[1].soft: 1 is above the hard limit of 0"},
        {"/process/oomScoreAdj", -1001, "process.oomScoreAdj: -1001 is out of range"},
        {"/process/consoleSize/width", removed, "process.consoleSize.width: missing"},
        {"/process/consoleSize/height", 65536, "process.consoleSize.height: 65536 is more than"},
        {"/process/scheduler/policy", removed, "process.scheduler.policy: missing"},
        {"/process/scheduler/policy", "SCHED_NONE", "process.scheduler.policy: unknown word"},
        {"/process/scheduler/policy", "SCHED_ISO", "process.scheduler.policy: not supported"},
        {"/process/scheduler/policy", "SCHED_FIFO", "process.scheduler.priority: 0 is out of range, which is 1 to 99 for SCHED_FIFO"},
        {"/process/scheduler/policy", "SCHED_OTHER", "process.scheduler.runtime: SCHED_OTHER has none"},
        {"/process/scheduler/nice", 20, "process.scheduler.nice: 20 is out of range"},
        {"/process/scheduler/nice", -21, "process.scheduler.nice: -21 is out of range"},
        {"/process/scheduler/flags/0", "SCHED_FLAG_FAST", "process.scheduler.flags: unknown word"},
        {"/process/scheduler/runtime", 0, "process.scheduler.runtime: SCHED_DEADLINE needs one"},
        {"/process/scheduler/deadline", 9, "process.scheduler.deadline: must be at least"},
        {"/process/scheduler/period", 19, "process.scheduler.period: must be at least"},
        {"/process/ioPriority/class", "IOPRIO_CLASS_NONE", "process.ioPriority.class: unknown word"},
        {"/process/ioPriority/class", removed, "process.ioPriority.class: missing"},
        {"/process/ioPriority/priority", 8, "process.ioPriority.priority: 8 is out of range"},
        {"/process/ioPriority/priority", -1, "process.ioPriority.priority: -1 is out of range"},
        {"/process/ioPriority/priority", removed, "process.ioPriority.priority: missing"},
        {"/process/execCPUAffinity/initial", "3-1", "process.execCPUAffinity.initial: \"3-1\" is no list of CPUs"},
        {"/process/execCPUAffinity/initial", "1,", "process.execCPUAffinity.initial: \"1,\" is no list of CPUs"},
        {"/process/execCPUAffinity/final", "0-8192", "process.execCPUAffinity.final: \"0-8192\" is no list of CPUs"},
        {"/process/execCPUAffinity/final", "99999999999999999999", "process.execCPUAffinity.final: \"99999999999999999999\" is no"},
        {"/process/execCPUAffinity/final", "a", "process.execCPUAffinity.final: \"a\" is no list of CPUs"},
        {"/process/apparmorProfile", 1, "process.apparmorProfile: expected a string"},
        {"/process/selinuxLabel", json::array(), "process.selinuxLabel: expected a string"},
        {"/process/oomScoreAdj", 4294967296, "process.oomScoreAdj: 4294967296 is out of range"},
        {"/process/oomScoreAdj", "low", "process.oomScoreAdj: expected a whole number"},
        {"/root", "/", "root: expected an object"},
        {"/root", removed, "root: missing"},
        {"/root/path", removed, "root.path: missing"},
        {"/root/path", std::string("/r\0", 3), "root.path: contains a NUL"},
        {"/hostname", std::string(65, 'x'), "hostname: longer than 64"},
        {"/domainname", std::string(65, 'x'), "domainname: longer than 64"},
        {"/domainname", 1, "domainname: expected a string"},
        {"/hooks", json::array(), "hooks: expected an object"},
        {"/hooks/prestart", json::object(), "hooks.prestart: expected a list of objects"},
        {"/hooks/prestart/1/path", removed, "hooks.prestart[1].path: missing"},
        {"/hooks/createRuntime/0/path", "bin/x", "hooks.createRuntime[0].path: \"bin/x\" is not an absolute path"},
        {"/hooks/createContainer/0/timeout", 0, "hooks.createContainer[0].timeout: 0 is out of range"},
        {"/hooks/startContainer/0/timeout", -1, "hooks.startContainer[0].timeout: -1 is out of range"},
        {"/hooks/poststart/0/timeout", 2147483648, "hooks.poststart[0].timeout: 2147483648 is out of range"},
        {"/hooks/poststop/0/timeout", 1.5, "hooks.poststop[0].timeout: expected a whole number"},
        {"/hooks/prestart/0/args", "x", "hooks.prestart[0].args: expected a list of strings"},
        {"/hooks/prestart/0/env/0", std::string("\0", 1), "hooks.prestart[0].env[0]: contains a NUL"},
        {"/root/readonly", 1, "root.readonly: expected true or false"},
        {"/mounts", json::object(), "mounts: expected a list of objects"},
        {"/mounts/1/destination", removed, "mounts[1].destination: missing"},
        {"/mounts/1/uidMappings", removed, "mounts[1].uidMappings: missing"},
        {"/mounts/1/gidMappings", removed, "mounts[1].gidMappings: missing"},
        {"/mounts/1/gidMappings/0/size", 0, "mounts[1].gidMappings[0].size: must not be 0"},
        {"/mounts/0/options", "ro", "mounts[0].options: expected a list of strings"},
        {"/annotations", json::array(), "annotations: expected an object of strings"},
        {"/annotations/a", 1, "annotations: expected an object of strings"},
        {"/linux", json::array(), "linux: expected an object"},
        {"/linux/namespaces/0/type", removed, "linux.namespaces[0].type: missing"},
        {"/linux/namespaces/0/type", "soul", "linux.namespaces[0].type: unknown word"},
        {"/linux/namespaces/0/type", "network", "linux.namespaces[1].type: network is there twice"},
        {"/linux/namespaces/1/path", "ns/net", "linux.namespaces[1].path: \"ns/net\" is not an absolute path"},
        {"/linux/namespaces/3", {{"type", "time"}, {"path", "/proc/1/ns/time"}}, "linux.timeOffsets: needs a new time namespace"},
        {"/linux/timeOffsets/boottime/secs", 9223372036854775808u, "linux.timeOffsets.boottime.secs: 9223372036854775808 is out of range"},
        {"/linux/timeOffsets/boottime/nanosecs", 1000000000, "linux.timeOffsets.boottime.nanosecs: 1000000000 is more than"},
        {"/linux/timeOffsets", {{"realtime", json::object()}}, "linux.timeOffsets: unknown clock \"realtime\""},
        {"/linux/timeOffsets/monotonic", 5, "linux.timeOffsets.monotonic: expected an object"},
        {"/linux/uidMappings/1/size", 0, "linux.uidMappings[1].size: must not be 0"},
        {"/linux/uidMappings/1/size", 4294967295, "linux.uidMappings[1].size: there are not so many ids"},
        {"/linux/uidMappings/1/containerID", 0, "linux.uidMappings[1].containerID: the range overlaps another"},
        {"/linux/uidMappings/1/hostID", 999, "linux.uidMappings[1].hostID: the range overlaps another"},
        {"/linux/devices/0/path", removed, "linux.devices[0].path: missing"},
        {"/linux/devices/0/type", removed, "linux.devices[0].type: missing"},
        {"/linux/devices/0/type", "a", "linux.devices[0].type: unknown word"},
        {"/linux/devices/0/type", "cb", "linux.devices[0].type: unknown word"},
        {"/linux/devices/0/major", removed, "linux.devices[0].major: missing"},
        {"/linux/devices/1/minor", nullptr, "linux.devices[1].minor: missing"},
        {"/linux/devices/0/major", 4096, "linux.devices[0].major: 4096 is out of range"},
        {"/linux/devices/0/minor", -1, "linux.devices[0].minor: -1 is out of range"},
        {"/linux/devices/0/fileMode", 65536, "linux.devices[0].fileMode: 65536 is more than"},
        {"/linux/devices/0/fileMode", 25008, "linux.devices[0].fileMode: 25008 is the mode of another type"},
        {"/linux/devices/0/uid", 4294967295, "linux.devices[0].uid: 4294967295 is more than"},
        {"/linux/intelRdt", json::object(), "linux.intelRdt: not supported"},
        {"/linux/netDevices", {{"eth0", json::object()}}, "linux.netDevices: not supported"},
        {"/linux/memoryPolicy", {{"mode", "MPOL_DEFAULT"}}, "linux.memoryPolicy: not supported"},
        {"/linux/personality/domain", "BSD", "linux.personality.domain: unknown word"},
        {"/linux/personality/domain", removed, "linux.personality.domain: missing"},
        {"/linux/personality/flags", {"ADDR_NO_RANDOMIZE"}, "linux.personality.flags: not supported"},
        {"/linux/rootfsPropagation", "sideways", "linux.rootfsPropagation: unknown word"},
        {"/linux/cgroupsPath", "/a/../b", "linux.cgroupsPath: \"/a/../b\" has a .. in it"},
        {"/linux/cgroupsPath", "..", "linux.cgroupsPath: \"..\" has a .. in it"},
        {"/linux/sysctl", {{"net//.x", "1"}}, "linux.sysctl: \"net//.x\" is no name of a setting"},
        {"/linux/sysctl", {{".x", "1"}}, "linux.sysctl: \".x\" is no name of a setting"},
        {"/linux/sysctl", {{"", "1"}}, "linux.sysctl: \"\" is no name of a setting"},
        {"/linux/mountLabel", 1, "linux.mountLabel: expected a string"},
        {"/linux/uidMappings/1/size", 4294967296, "linux.uidMappings[1].size: 4294967296 is more than"},
        {"/linux/gidMappings/0/hostID", "0", "linux.gidMappings[0].hostID: expected a whole number"},
        {"/linux/sysctl/net.a", 1, "linux.sysctl: expected an object of strings"},
        {"/linux/resources/cpu/quota", 18446744073709551615u, "linux.resources.cpu.quota: 18446744073709551615 is out of range"},
        {"/linux/resources/cpu/period", -1, "linux.resources.cpu.period: expected a whole number from 0"},
        {"/linux/resources/memory", 5, "linux.resources.memory: expected an object"},
        {"/linux/resources/pids/limit", true, "linux.resources.pids.limit: expected a whole number"},
        {"/linux/resources/cpu/burst", 50001, "linux.resources.cpu.burst: 50001 is more than the quota of 50000"},
        {"/linux/resources/cpu/idle", -1, "linux.resources.cpu.idle: -1 is out of range"},
        {"/linux/resources/cpu/realtimeRuntime", 1, "linux.resources.cpu.realtimeRuntime: not supported"},
        {"/linux/resources/cpu/realtimePeriod", 1, "linux.resources.cpu.realtimePeriod: not supported"},
        {"/linux/resources/memory/swappiness", 0, "linux.resources.memory.swappiness: not supported"},
        {"/linux/resources/memory/disableOOMKiller", true, "linux.resources.memory.disableOOMKiller: not supported"},
        {"/linux/resources/memory/checkBeforeUpdate", 1, "linux.resources.memory.checkBeforeUpdate: expected true or false"},
        {"/linux/resources/network", {{"classID", 1}}, "linux.resources.network.classID: not supported"},
        {"/linux/resources/network", {{"priorities", {json::object()}}}, "linux.resources.network.priorities: not supported"},
        {"/linux/resources/blockIO/leafWeight", 10, "linux.resources.blockIO.leafWeight: not supported"},
        {"/linux/resources/blockIO/weight", 9, "linux.resources.blockIO.weight: 9 is out of range"},
        {"/linux/resources/blockIO/weight", 1001, "linux.resources.blockIO.weight: 1001 is more than"},
        {"/linux/resources/blockIO/weightDevice/0/weight", removed, "linux.resources.blockIO.weightDevice[0].weight: missing"},
        {"/linux/resources/blockIO/throttleReadBpsDevice/0/major", removed, "linux.resources.blockIO.throttleReadBpsDevice[0].major: missing"},
        {"/linux/resources/blockIO/throttleReadBpsDevice/0/rate", removed, "linux.resources.blockIO.throttleReadBpsDevice[0].rate: missing"},
        {"/linux/resources/blockIO/throttleReadBpsDevice/0/minor", -1, "linux.resources.blockIO.throttleReadBpsDevice[0].minor: -1 is out"},
        {"/linux/resources/devices/0/allow", removed, "linux.resources.devices[0].allow: missing"},
        {"/linux/resources/devices/0/type", "p", "linux.resources.devices[0].type: unknown word"},
        {"/linux/resources/devices/0/access", "rwx", "linux.resources.devices[0].access: \"rwx\": only the letters"},
        {"/linux/resources/devices/1/major", -2, "linux.resources.devices[1].major: -2 is out of range"},
        {"/linux/resources/devices/1/minor", 1048576, "linux.resources.devices[1].minor: 1048576 is out of range"},
        {"/linux/resources/hugepageLimits/0/pageSize", "2MB/../x", "linux.resources.hugepageLimits[0].pageSize: \"2MB/../x\" is no size"},
        {"/linux/resources/hugepageLimits/0/pageSize", "MB", "linux.resources.hugepageLimits[0].pageSize: \"MB\" is no size"},
        {"/linux/resources/hugepageLimits/0/pageSize", "2", "linux.resources.hugepageLimits[0].pageSize: \"2\" is no size"},
        {"/linux/resources/hugepageLimits/0/limit", removed, "linux.resources.hugepageLimits[0].limit: missing"},
        {"/linux/resources/rdma/mlx5_1", json::object(), "linux.resources.rdma.mlx5_1: hcaHandles or hcaObjects is needed"},
        {"/linux/resources/rdma", {{"a b", {{"hcaHandles", 1}}}}, "linux.resources.rdma: \"a b\" is no name of a device"},
        {"/linux/resources/rdma/mlx5_1/hcaObjects", 4294967296, "linux.resources.rdma.mlx5_1.hcaObjects: 4294967296 is more than"},
        {"/linux/resources/unified", {{"../x.y", "1"}}, "linux.resources.unified: \"../x.y\" is no control file"},
        {"/linux/resources/unified", {{"cgroup.procs", "1"}}, "linux.resources.unified: \"cgroup.procs\" is no control file"},
        {"/linux/seccomp/syscalls/0/action", "SCMP_ACT_NOTIFY", "linux.seccomp: listenerPath: missing"},
        {"/linux/seccomp/listenerMetadata", "x", "linux.seccomp: listenerMetadata: needs listenerPath"},
        {"/linux/seccomp/syscalls/0/errnoRet", 1, "linux.seccomp: syscalls[0].errnoRet: SCMP_ACT_ALLOW takes no errno"},
        {"/linux/seccomp/defaultAction", "SCMP_ACT_KILL", "linux.seccomp: defaultErrnoRet: SCMP_ACT_KILL_THREAD takes no errno"},
        {"/linux/seccomp/defaultAction", "SCMP_ACT_SHRUG", "linux.seccomp: defaultAction: unknown action"},
        {"/linux/seccomp/syscalls/0/names", removed, "linux.seccomp: syscalls[0].names: missing"},
        {"/linux/maskedPaths/0", "proc", "linux.maskedPaths: \"proc\" is not an absolute path"},
        {"/linux/readonlyPaths/0", "", "linux.readonlyPaths: \"\" is not an absolute path"},
        {"/linux/maskedPaths", "/proc", "linux.maskedPaths: expected a list of strings"},
        {"/linux/readonlyPaths/0", nullptr, "linux.readonlyPaths: expected a list of strings"},
    };
    for (const Case& c : cases) {
        const std::string error = error_after(c.pointer, c.value);
        CHECK_MESSAGE(error.starts_with(std::string("config.json: ") + c.expected), c.pointer, " said: ", error);
    }
}
