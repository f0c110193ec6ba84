// See lib/runtime/features.h.
#include "lib/runtime/features.h"

#include "base/version.h"
#include "lib/runtime/places.h"
#include "rootless/caps.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace lib::runtime {
namespace {

using nlohmann::json;

json seccomp_json() {
    return {{"enabled", ::access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0},
            {"actions", {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
                         "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"}},
            {"operators", {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"}},
            {"knownFlags", {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}},
            {"supportedFlags", {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}}};
}

json linux_json() {
    return {{"namespaces", {"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}},
            {"capabilities", rootless::capability_names(rootless::all_caps())},
            {"cgroup", {{"v1", false}, {"v2", true}, {"systemd", true}, {"systemdUser", true}, {"rdma", true}}},
            {"seccomp", seccomp_json()},
            {"apparmor", {{"enabled", ::access("/sys/kernel/security/apparmor", F_OK) == 0}}},
            {"selinux", {{"enabled", ::access("/sys/fs/selinux/enforce", F_OK) == 0}}},
            {"intelRdt", {{"enabled", false}}},
            {"mountExtensions", {{"idmap", {{"enabled", is_machine_root()}}}}}};
}

} // namespace

json features() {
    return {{"ociVersionMin", "1.0.0"},
            {"ociVersionMax", "1.2.0"},
            {"hooks", {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}},
            {"mountOptions", {"atime", "bind", "copy-symlink", "defaults", "dev", "diratime", "exec", "idmap", "noatime", "nodev", "nodiratime", "noexec", "norelatime",
                              "nostrictatime", "nosuid", "nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime", "rexec", "ridmap", "rnoatime", "rnodev",
                              "rnodiratime", "rnoexec", "rnosuid", "rnosymfollow", "ro", "rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave",
                              "rstrictatime", "rsuid", "rsymfollow", "runbindable", "rw", "shared", "slave", "strictatime", "suid", "symfollow", "tmpcopyup", "unbindable"}},
            {"linux", linux_json()},
            {"annotations", {{"io.github.ctl.version", ctl_version}}}};
}

} // namespace lib::runtime
