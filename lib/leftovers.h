// The processes of a container that outlive its first one, where no pid namespace ends them together.
#pragma once

#include <cstdint>

namespace lib {

/// SIGKILL to every process in the mount namespace of that number (rootless::Launched::mounts), until none is found. They
/// share nothing else that tells them from the others of a shared pid namespace. 0 is none.
void kill_leftovers(std::uint32_t mount_namespace) noexcept;

} // namespace lib
