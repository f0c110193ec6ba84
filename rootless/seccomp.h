// A seccomp policy as the classic BPF program the kernel takes.
#pragma once

#include "base/oci/seccomp.h"

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

namespace rootless {

/// The filter for seccomp(2), SECCOMP_SET_MODE_FILTER. Rules of one system call are tried in their order, the first that
/// matches decides, the default action stands at the end. Names the architecture does not have are skipped. Numbers of an
/// architecture that is not listed, x32 among them, kill the process. Throws Error for what cannot be expressed (unknown
/// architecture, more than 4096 instructions, sendmsg(2) with SCMP_ACT_NOTIFY).
///
/// Without no_new_privs the kernel takes it from a process with CAP_SYS_ADMIN in its user namespace only, so it has to be
/// loaded before the capabilities are dropped (crun and runc do the same).
std::vector<sock_filter> compile_seccomp(const oci::Seccomp& policy);

/// The `flags` argument of seccomp(2) for the policy's `flags`, and SECCOMP_FILTER_FLAG_NEW_LISTENER where it has
/// SCMP_ACT_NOTIFY: the listener comes to ChildProgram::on_listener(). Throws Error for an unknown one.
unsigned seccomp_filter_flags(const oci::Seccomp& policy);

} // namespace rootless
