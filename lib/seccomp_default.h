// The default seccomp policy: what a container may ask of the kernel.
#pragma once

#include "base/oci/seccomp.h"
#include "rootless/caps.h"

namespace lib {

/// Everything not listed answers ENOSYS, as an older kernel would, so that programs fall back; what is known to be
/// dangerous and might be retried otherwise answers EPERM. The container's capabilities open further groups.
/// The rules of one system call never contradict each other, so the document means the same to any OCI runtime.
oci::Seccomp default_seccomp(rootless::CapMask caps);

} // namespace lib
