// The processes of a container that outlive its first one, where no pid namespace ends them together.
#pragma once

#include "base/unique_fd.h"
#include "lib/container_store.h"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace lib {

/// Keeps the mount namespace of that number (rootless::Launched::mounts) for as long as the descriptor is there, so that no other gets
/// its number: the kernel gives a freed one to the next namespace that is made. `pid` has begun in it. Empty where that has ended or
/// has gone elsewhere, and for 0.
UniqueFd hold_mount_namespace(pid_t pid, std::uint32_t number) noexcept;

/// SIGKILL to every process in that mount namespace, until none is found. They share nothing else that tells them from the others of a
/// shared pid namespace. Where it is not `held` the container's own files must be mounted there, too. 0 is none.
void kill_leftovers(UniqueFd held, std::uint32_t mount_namespace, const std::string& container_id) noexcept;

/// The same for a container that has ended without a monitor (ContainerState::lost), by whoever comes across it. The number of the
/// namespace may be another one's by now: the container's own files must be mounted there as well.
void end_leftovers_of_lost(const ContainerDir& dir, const ContainerState& state) noexcept;

} // namespace lib
