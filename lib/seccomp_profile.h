// Seccomp profiles in Docker's file format (`--security-opt seccomp=FILE`), resolved to the runtime spec's.
#pragma once

#include "base/oci/seccomp.h"
#include "rootless/caps.h"

#include <string>
#include <string_view>

namespace lib {

/// What the conditional parts of a profile ask about.
struct SeccompTarget {
    rootless::CapMask caps = 0;
    std::string architecture; ///< as Go and Docker name it: "amd64", "arm64"
    unsigned kernel_major = 0;
    unsigned kernel_minor = 0;
};

/// This machine and these capabilities.
SeccompTarget native_seccomp_target(rootless::CapMask caps);

/// Resolves archMap, and `includes`/`excludes` of every rule. Throws Error naming the field.
oci::Seccomp parse_seccomp_profile(std::string_view json_text, const SeccompTarget& target);

} // namespace lib
