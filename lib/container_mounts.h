// What a container shows of the host, of volumes and of other images: -v, --mount, --tmpfs, --volumes-from and the image's
// VOLUMEs as mounts of the runtime spec.
#pragma once

#include "base/oci/image_config.h"
#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/engine.h"
#include "lib/run.h"
#include "storage/store.h"
#include "rootless/layer_view.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// Something to be given to the container's user: a path of the host, or a part of it, resolved inside.
struct ChownTarget {
    std::string path;
    std::string part;
};

/// The result of reading all mount options.
struct ContainerMounts {
    std::vector<oci::Mount> mounts;              ///< in the order of the options, the engine's own last
    std::vector<MountRecord> records;
    std::vector<std::string> anonymous_volumes;  ///< made for this container
    std::vector<std::pair<std::string, std::string>> to_fill; ///< volume name, destination: copy-up candidates
    std::vector<ChownTarget> to_chown;           ///< option U
    std::vector<MountedImage> images;
    std::vector<storage::Image> mounted_images;  ///< the same, for opening their layers
    bool follows_host = false;                   ///< a mount wants to see what the host mounts below its source later
    std::vector<std::string> warnings;
    std::optional<FileLock> volumes_lock;        ///< to be held until the container's record names its volumes
};

/// What mounts need to know of the container they are for.
struct MountContext {
    std::string container_dir;                                            ///< absolute
    std::optional<unsigned> uid;                                          ///< the container's user
    std::optional<unsigned> gid;
    bool selinux = false;
    bool systemd = false;                                                 ///< writable places for an init system
    std::function<storage::Image(const std::string& name)> find_image;    ///< for type=image; fetches it if need be
};

/// Makes the volumes that are missing. Throws Error for options that cannot be understood or honoured, and for two mounts
/// on one destination. Relative bind sources are those of the caller's directory.
ContainerMounts prepare_mounts(const Engine& engine, const CreateRequest& request, const oci::ImageConfig& image,
                               const MountContext& context = {});

/// Adds mounts of the engine's own making, which `inspect` does not list. Throws Error where one is on a destination twice.
void add_mounts(ContainerMounts& mounts, const std::vector<oci::Mount>& more);

/// A mount hides what was mounted below its destination before, so parents come first.
void sort_mounts(std::vector<oci::Mount>& mounts);

/// Fills new volumes with what the image has at their destinations. `mountpoint`: an empty directory.
void fill_volumes(Engine& engine, const std::vector<std::pair<std::string, std::string>>& to_fill,
                  const rootless::LayerFds& layers, const std::string& mountpoint);

/// Gives what option U names to an id of the container. Throws Error naming a file that belongs to somebody else.
void chown_sources(Engine& engine, const std::vector<ChownTarget>& targets, unsigned uid, unsigned gid);

/// Whether SELinux is at work on this machine.
bool is_selinux_enabled();

/// Before a start: the directories that take up what a container writes to its overlay mounts (option O, images with rw=true),
/// empty; what an earlier run left goes to the trash.
void renew_overlays(Engine& engine, const ContainerDir& dir, const oci::RuntimeSpec& spec);

/// The layer of mount points (storage/mount_points.h) for the bottom of its root; none where it would show what the image does
/// not have: a file with nothing mounted on it, or another owner, as the layer's is the store's root.
UniqueFd open_mount_points(const Engine& engine, const oci::RuntimeSpec& spec);

} // namespace lib
