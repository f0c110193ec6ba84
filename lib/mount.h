// mount and umount: the root of a container or an image where the caller can reach it, inside a user namespace of the caller's
// (`ctl unshare`).
#pragma once

#include "lib/engine.h"

#include <string>
#include <vector>

namespace lib {

struct MountedRoot {
    std::string id;
    std::string name;
    std::string path;
};

/// Mounts the container's own files (no volumes) in the caller's mount namespace and returns where; again where it is mounted
/// already. One that runs is mounted read-only, for its own mount is elsewhere. Throws Error outside a user namespace.
MountedRoot mount_root(Engine& engine, const std::string& id_or_name);

/// What to do with a mount that is in use.
enum class Busy { refuse, unmount };

/// False when it is not mounted here.
bool unmount_root(const Engine& engine, const std::string& id_or_name, Busy busy);

/// Those mounted in the caller's mount namespace.
std::vector<MountedRoot> mounted_roots(const Engine& engine);

// The same with images, which are mounted read-only, in the runtime directory. Nothing keeps one that is mounted from being removed.
MountedRoot mount_image(Engine& engine, const std::string& name_or_id);
bool unmount_image(const Engine& engine, const std::string& name_or_id, Busy busy);
std::vector<MountedRoot> mounted_images(const Engine& engine);

} // namespace lib
