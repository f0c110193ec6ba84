// linux.resources.devices on cgroup v2: which device nodes the processes of a cgroup may open or make.
//
// cgroup v2 has no control files for that. An eBPF program on the cgroup is asked instead, for each access to a device
// node. The program is made here from the rules by a pure function; putting it on the cgroup takes privileges on the
// host, which an ordinary user lacks: she can open no other devices than the host lets her.
#pragma once

#include "base/oci/runtime_spec.h"

#include <linux/bpf.h>

#include <vector>

namespace rootless {

/// A later rule overrides an earlier one, for the kinds of access that it names. What no rule is about is denied. The devices
/// that every container has, and making nodes, are always allowed: a node of a device that is denied cannot be opened.
std::vector<bpf_insn> compile_device_filter(const std::vector<oci::DeviceRule>& rules);

/// Whether there is anything that the rules deny. Where not, as for privileged containers, no program is needed.
bool denies_devices(const std::vector<oci::DeviceRule>& rules);

/// Puts the program on the cgroup v2 whose directory is open as `cgroup_fd`, in place of an earlier one from here; those of
/// others stay and count as well. At no moment is more allowed than by either of both. Throws SysError: EPERM without
/// CAP_BPF or CAP_SYS_ADMIN on the host, EINVAL from a kernel without CONFIG_CGROUP_BPF (4.15).
void attach_device_filter(int cgroup_fd, const std::vector<bpf_insn>& program);

} // namespace rootless
