// `--systemd`: what an init system needs to find when it is a container's first process.
#pragma once

#include "base/oci/runtime_spec.h"

#include <string>
#include <vector>

namespace lib {

inline constexpr const char* systemd_stop_signal = "SIGRTMIN+3"; ///< systemd's word for a halt (systemd(1))

/// Whether a container with that command runs in systemd mode. `option` is true (where the command is systemd, or init in
/// one of its usual places), false or always; anything else is an Error.
bool wants_systemd(const std::string& option, const std::vector<std::string>& command);

/// The container's id as systemd wants to know it, and its own control groups to be written.
void set_systemd(oci::RuntimeSpec& spec, const std::string& id);

} // namespace lib
