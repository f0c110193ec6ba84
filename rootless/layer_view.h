// A look at the merged tree of an image or of a container that does not run, from inside a user namespace; and at paths in
// such trees.
#pragma once

#include "base/oci/runtime_spec.h"
#include "base/unique_fd.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rootless {

/// Our own overlay file system, where the kernel's is not to be used.
struct FuseOverlay {
    std::string program; ///< path of ctl-fuse; empty: the kernel's
    std::string shift;   ///< its option --shift, or empty
};

/// Borrowed directories, topmost first.
struct LayerFds {
    std::span<const int> lower;
    std::span<const int> data = {}; ///< where id-shifted layers have their files' content
    int top = -1;                   ///< a layer above them, with owners as they are
    FuseOverlay fuse = {};
};

/// Mounts the layers (borrowed directories, topmost first) read-only on `mountpoint` and opens the root. Must be called
/// inside a user and mount namespace of one's own (fork_in_userns), with whose end the mount goes. Throws Error.
UniqueFd mount_layers(const LayerFds& layers, const std::string& mountpoint);

/// `ctl-fuse mount`: the process behind the mount ends with it. Throws Error with its words.
void run_fuse_mount(const std::string& program, std::vector<std::string> words, const std::string& mountpoint);

/// What a container that does not run has for its root.
struct ContainerParts {
    LayerFds layers;
    int container_dir = -1;         ///< borrowed; holds upper/ and work/
    std::string mountpoint;
    std::vector<oci::Mount> mounts; ///< those that lead to the host's directories are mounted too (mount_inside)
    std::string renewed;            ///< begin of the paths of what each start empties
    std::string directory;          ///< the root itself, instead of the layers; empty: the layers
};

/// Mounts the root of a container, to be written, with its volumes, binds and overlays on it, as mount_layers does: in a mount
/// namespace of one's own. Nobody else may have mounted it (the container's `lock` is held and it does not run). Missing
/// places to mount on are made, as a start does. Throws Error.
UniqueFd mount_container(const ContainerParts& parts);

/// Whether a symbolic link at the end of a path is what is meant, or what it leads to.
enum class LastLink { kept, followed };

/// Opens (O_PATH) what `path` leads to in a foreign tree, symbolic links resolved inside `root`; nullopt where there is
/// nothing. With `kept`, `path` is one name. Throws SysError for everything else that fails.
std::optional<UniqueFd> find_in(int root, const std::string& path, LastLink last);

/// Opens a directory of a foreign tree, symbolic links resolved inside `root` (openat2, RESOLVE_IN_ROOT); nullopt when there
/// is no such directory.
std::optional<UniqueFd> find_directory_in(int root, const std::string& path);

} // namespace rootless
