// The processes of a container that outlive its first one, where no pid namespace ends them together.
#pragma once

#include "lib/container_store.h"

#include <cstdint>

namespace lib {

/// SIGKILL to every process in the mount namespace of that number (rootless::Launched::mounts), until none is found. They
/// share nothing else that tells them from the others of a shared pid namespace. 0 is none.
void kill_leftovers(std::uint32_t mount_namespace) noexcept;

/// The same for a container that has ended without a monitor (ContainerState::lost), by whoever comes across it. The number of the
/// namespace may be another one's by now: the container's own files must be mounted there as well.
void end_leftovers_of_lost(const ContainerDir& dir, const ContainerState& state) noexcept;

} // namespace lib
