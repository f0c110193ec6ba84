// The options of a volume's driver, `volume create -o type=…,o=…,device=…`: what is mounted in the volume's place.
#pragma once

#include "lib/mount_option.h"
#include "storage/volume.h"

#include <map>
#include <optional>
#include <string>

namespace lib {

/// nullopt for a volume that is a directory of the store; else a bind of a directory of the host, or a tmpfs, without a
/// destination. A tmpfs is each container's own. Throws Error for what an ordinary user cannot mount and what cannot be
/// understood.
std::optional<MountRequest> volume_mount(const storage::Volume& volume);

/// What `o=uid=N,gid=N` says of a volume that is a directory, in the ids of the default map. Throws Error for anything else in `o`.
std::optional<storage::VolumeOwner> volume_owner(const storage::Volume& volume);

} // namespace lib
