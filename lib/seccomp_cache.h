// Compiled seccomp filters, kept between runs: compiling the default policy takes milliseconds, reading it back microseconds.
#pragma once

#include "base/oci/seccomp.h"

#include <linux/filter.h>

#include <string>
#include <vector>

namespace lib {

/// The filter of rootless::compile_seccomp. `directory` (made when missing) has one file a policy, holding the whole policy
/// beside its filter: a file is used only if the policy in it is the same to the last byte. A file that is damaged is made
/// again; a directory that cannot be written (read-only home, full disk) costs time and nothing else.
std::vector<sock_filter> load_or_compile_seccomp(const oci::Seccomp& policy, const std::string& directory);

} // namespace lib
