// mount and umount: a container's root where the caller can reach it, inside a user namespace of the caller's (`ctl unshare`).
#pragma once

#include "lib/engine.h"

#include <string>
#include <vector>

namespace lib {

struct MountedContainer {
    std::string id;
    std::string name;
    std::string path;
};

/// Mounts the container's own files (no volumes) in the caller's mount namespace and returns where; again where it is mounted
/// already. One that runs is mounted read-only, for its own mount is elsewhere. Throws Error outside a user namespace.
MountedContainer mount_root(Engine& engine, const std::string& id_or_name);

/// What to do with a mount that is in use.
enum class Busy { refuse, unmount };

/// False when it is not mounted here.
bool unmount_root(const Engine& engine, const std::string& id_or_name, Busy busy);

/// Those mounted in the caller's mount namespace.
std::vector<MountedContainer> mounted_roots(const Engine& engine);

} // namespace lib
