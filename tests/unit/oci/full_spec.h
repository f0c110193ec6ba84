// A config.json for the tests of its reader and writer: every member set, none to its default.
#pragma once

#include "base/oci/runtime_spec.h"

inline oci::RuntimeSpec full_spec() {
    oci::RuntimeSpec spec;
    spec.process.terminal = true;
    spec.process.user = {7, 8, 0027, {9, 4294967294}};
    spec.process.args = {"sh", "-c", "echo \"quoted\" \n", ""};
    spec.process.env = {"A=1", "B="};
    spec.process.cwd = "/work";
    spec.process.capabilities = {{"CAP_KILL", "CAP_CHOWN"}, {"CAP_KILL"}, {"CAP_CHOWN"}, {"CAP_SETUID"}, {"CAP_SETGID"}};
    spec.process.rlimits = {{"RLIMIT_NOFILE", 10, 18446744073709551615u}, {"RLIMIT_CORE", 0, 0}};
    spec.process.no_new_privileges = true;
    spec.process.oom_score_adj = -500;
    spec.process.console_size = {25, 80};
    spec.process.scheduler = oci::Scheduler{"SCHED_DEADLINE", 5, 0, {"SCHED_FLAG_RESET_ON_FORK"}, 10, 20, 30};
    spec.process.io_priority = oci::IoPriority{"IOPRIO_CLASS_BE", 7};
    spec.process.exec_cpu_affinity = oci::CpuAffinity{"7", "0-3,7"};
    spec.process.apparmor_profile = "acme";
    spec.process.selinux_label = "u:r:t:s0:c1,c2";
    spec.root_path = "/root/path";
    spec.root_readonly = true;
    spec.hostname = "box";
    spec.domainname = "example.test";
    spec.hooks = {{{"/h/prestart", {"prestart", "x"}, {"A=1"}, 5}, {"/h/bare", {}, {}, {}}},
                  {{"/h/createRuntime", {}, {}, 1}},
                  {{"/h/createContainer", {}, {}, 2}},
                  {{"/h/startContainer", {}, {}, 3}},
                  {{"/h/poststart", {}, {}, 4}},
                  {{"/h/poststop", {}, {}, 2147483647}}};
    spec.mounts = {{"/proc", "proc", "proc", {"nosuid", "noexec"}}, {"/data", "bind", "/host/data", {}, {{0, 1000, 2}}, {{0, 1001, 3}}}};
    spec.annotations = {{"a", "1"}, {"b", ""}};
    spec.uid_mappings = {{0, 1000, 1}, {1, 100000, 65536}};
    spec.gid_mappings = {{0, 1001, 1}};
    spec.namespaces = {{"user", ""}, {"network", "/proc/1/ns/net"}, {"ipc", "container:5"}, {"time", ""}};
    spec.sysctl = {{"net.a", "1"}, {"net.b", "2 3"}};
    spec.personality = "LINUX32";
    spec.devices = {{"/dev/fuse", 'c', 10, 229, 0666, 1, 2}, {"/dev/sda", 'b', 8, 0, {}, {}, {}}, {"/dev/fifo", 'p', 0, 0, 04600, {}, {}},
                    {"/dev/u", 'u', 4095, 1048575, 0, {}, {}}};
    spec.time_offsets = {{"boottime", -5, 999999999}, {"monotonic", 9223372036854775807, 0}};
    spec.mount_label = "u:o:f:s0";
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
    r.memory_check_before_update = true;
    r.unified = {{"memory.high", "1"}};
    r.cpu_burst = 50000;
    r.cpu_idle = 1;
    r.hugepage_limits = {{"2MB", 18446744073709551615u}, {"1GB", 0}};
    r.rdma = {{"mlx4_0", {}, 1000}, {"mlx5_1", 3, 4294967295}};
    r.devices = {{false, 'a', {}, {}, true, true, true}, {true, 'c', 10, 229, true, true, false}, {true, 'b', 8, {}, false, false, true}};
    spec.cgroups_path = "ctl-1";
    spec.seccomp = oci::Seccomp{oci::SeccompAction::error, 38, {"SCMP_ARCH_X86_64"}, {}, {{{"read"}, oci::SeccompAction::allow, {}, {}}}};
    spec.rootfs_propagation = "private";
    spec.masked_paths = {"/proc/kcore"};
    spec.readonly_paths = {"/proc/sys"};
    return spec;
}
