// Handing the listener of a seccomp filter to whoever answers its questions (runtime-spec, config-linux.md, "The Container Process
// State").
#pragma once

#include "base/oci/seccomp.h"
#include "base/unique_fd.h"

#include "lib/container_store.h"

#include <nlohmann/json_fwd.hpp>

#include <sys/types.h>

namespace lib {

/// One message to policy.listener_path: what the process is, and its listener. `state`: of its container, as runtime.md has it. Throws Error.
void tell_seccomp_agent(const oci::Seccomp& policy, pid_t pid, const nlohmann::json& state, const UniqueFd& listener);

/// The same for a container of `ctl run`, `first` being its first process or the same as `pid`.
void tell_seccomp_agent(const oci::Seccomp& policy, pid_t pid, const ContainerDir& container, pid_t first, const UniqueFd& listener);

} // namespace lib
