// See lib/runtime/first_spec.h.
#include "lib/runtime/first_spec.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/runtime_spec.h"
#include "base/sys.h"
#include "rootless/caps.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace lib::runtime {
namespace {

oci::Process shell() {
    oci::Process process;
    process.terminal = true;
    process.args = {"sh"};
    process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
    const std::vector<std::string> names{"CAP_KILL", "CAP_NET_BIND_SERVICE"};
    process.capabilities = {names, names, {}, names, {}};
    process.rlimits = {{"RLIMIT_NOFILE", 1024, 1024}};
    process.no_new_privileges = true;
    return process;
}

std::vector<oci::Mount> usual_mounts(bool rootless) {
    std::vector<std::string> pts{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
    if (!rootless) pts.emplace_back("gid=5"); // which a map of one id does not have
    return {{"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
            {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
            {"/dev/pts", "devpts", "devpts", pts},
            {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
            {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
            {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
            {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}}};
}

oci::RuntimeSpec first_spec(bool rootless) {
    oci::RuntimeSpec spec;
    spec.process = shell();
    spec.root_path = "rootfs";
    spec.root_readonly = true;
    spec.hostname = "container";
    spec.mounts = usual_mounts(rootless);
    for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup"}) spec.namespaces.push_back({type, ""});
    if (rootless) {
        spec.namespaces.push_back({"user", ""});
        spec.uid_mappings = {{0, ::geteuid(), 1}};
        spec.gid_mappings = {{0, ::getegid(), 1}};
    }
    spec.masked_paths = {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                         "/proc/sched_debug", "/proc/scsi", "/sys/firmware"};
    spec.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    return spec;
}

} // namespace

void write_first_spec(const std::string& bundle, bool rootless) {
    const std::string path = bundle + "/config.json";
    const UniqueFd dir = files::open_dir(bundle);
    if (sys::find_stat_at(dir.get(), "config.json")) throw Error(path, " exists already; remove it first");
    files::write_atomic(dir.get(), "config.json", oci::to_json_text(first_spec(rootless)) + "\n", 0644, files::Durability::none);
}

} // namespace lib::runtime
