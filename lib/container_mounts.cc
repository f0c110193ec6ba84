// Mount options as mounts; see lib/container_mounts.h. lib/mount_list.cc makes each single one.
#include "lib/container_mounts.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/mount_list.h"
#include "lib/mount_option.h"
#include "lib/namespaces.h"
#include "lib/volume_options.h"
#include "lib/volumes_from.h"
#include "rootless/layer_view.h"
#include "rootless/overlay_options.h"
#include "storage/chown_tree.h"
#include "storage/mount_points.h"
#include "storage/owner_shift.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace lib {
namespace {

/// All options are read before any volume is made.
std::vector<MountRequest> read_options(const CreateRequest& request) {
    std::vector<MountRequest> mounts;
    for (const std::string& text : request.volumes) mounts.push_back(parse_volume_option(text));
    for (const std::string& text : request.mounts) mounts.push_back(parse_mount_argument(text));
    for (const std::string& text : request.tmpfs) mounts.push_back(parse_tmpfs_option(text));
    return mounts;
}

std::vector<MountRequest> image_volumes(const CreateRequest& request, const oci::ImageConfig& image) {
    std::vector<MountRequest> mounts;
    const std::string& way = request.image_volumes;
    if (way != "anonymous" && way != "bind" && way != "ignore" && way != "tmpfs")
        throw Error("--image-volume \"", way, "\": expected anonymous (or bind), ignore or tmpfs");
    if (way == "ignore") return mounts;
    for (const std::string& path : image.volumes) {
        MountRequest mount = parse_volume_option(path); // a bare path: an anonymous volume
        if (mount.kind != MountKind::anonymous) throw Error("the image declares a volume that is no path: \"", path, "\"");
        if (way == "tmpfs") mount = parse_tmpfs_option(path);
        mounts.push_back(std::move(mount));
    }
    return mounts;
}

/// Places that must be writable although the root is not, or that an init system wants for itself.
std::vector<std::string> places_in_memory(const CreateRequest& request, const MountContext& context) {
    std::vector<std::string> places;
    if (request.read_only && request.read_only_tmpfs) places = {"/run", "/tmp", "/var/tmp"};
    if (context.systemd)
        for (const char* place : {"/run", "/run/lock", "/tmp", "/var/log/journal"})
            if (std::ranges::count(places, place) == 0) places.emplace_back(place);
    return places;
}

} // namespace

ContainerMounts prepare_mounts(const Engine& engine, const CreateRequest& request, const oci::ImageConfig& image,
                               const MountContext& context) {
    const std::vector<MountRequest> wanted = read_options(request);
    const std::vector<MountRequest> declared = image_volumes(request, image);
    MountList list(engine, context);
    const bool uses_volumes = !declared.empty() || !request.volumes_from.empty()
                              || std::ranges::any_of(wanted, [](const MountRequest& m) {
                                     return m.kind == MountKind::volume || m.kind == MountKind::anonymous;
                                 });
    // Images first: one that has to be fetched must not keep the volumes locked meanwhile.
    for (const MountRequest& mount : wanted)
        if (mount.kind == MountKind::image) list.add(mount);
    if (uses_volumes) list.result().volumes_lock = storage::Volumes(storage::Root(engine.paths.data)).lock_for_use();
    for (const MountRequest& mount : wanted)
        if (mount.kind != MountKind::image) list.add(mount);
    // Of several containers the last one wins, so it comes first.
    for (auto text = request.volumes_from.rbegin(); text != request.volumes_from.rend(); ++text)
        add_volumes_from(list, engine, *text, context.selinux);
    for (const MountRequest& mount : declared)
        if (!list.has(mount.destination)) list.add(mount);
    for (const std::string& place : places_in_memory(request, context)) {
        if (list.has(place)) continue;
        MountRequest mount = parse_tmpfs_option(place);
        // An overlay in /run's would be one too many for the kernel; what an image has here are locks that nobody holds.
        if (place == "/run/lock") mount.copy_up = false;
        if (context.systemd && place != "/var/tmp") mount.size = request.files.systemd_shm_size;
        list.add(mount);
    }
    return list.take();
}

void add_mounts(ContainerMounts& mounts, const std::vector<oci::Mount>& more) {
    for (const oci::Mount& mount : more) {
        if (std::ranges::count(mounts.mounts, mount.destination, &oci::Mount::destination) != 0)
            throw Error("two mounts on ", mount.destination, ": each destination can be used once");
        mounts.mounts.push_back(mount);
    }
}

void sort_mounts(std::vector<oci::Mount>& mounts) {
    std::stable_sort(mounts.begin(), mounts.end(), [](const oci::Mount& a, const oci::Mount& b) {
        return std::count(a.destination.begin(), a.destination.end(), '/') < std::count(b.destination.begin(), b.destination.end(), '/');
    });
}

void fill_volumes(Engine& engine, const std::vector<std::pair<std::string, std::string>>& to_fill,
                  const rootless::LayerFds& layers, const std::string& mountpoint) {
    if (to_fill.empty()) return;
    const storage::Root data_root(engine.paths.data);
    const storage::Volumes volumes(data_root);
    rootless::run_in_userns(engine.load_maps(), [&] {
        const UniqueFd root = rootless::mount_layers(layers, mountpoint);
        for (const auto& [name, destination] : to_fill) {
            const auto volume = volumes.find(name);
            const auto source = rootless::find_directory_in(root.get(), destination);
            if (volume && source) storage::copy_up(source->get(), *volume, volume_owner(*volume));
        }
    });
}

void chown_sources(Engine& engine, const std::vector<ChownTarget>& targets, unsigned uid, unsigned gid) {
    if (targets.empty()) return;
    rootless::run_in_userns(engine.load_maps(), [&] {
        for (const auto& [path, part] : targets) {
            const std::string shown = part.empty() ? path : cat(path, "/", part);
            auto fd = sys::try_open(path, O_PATH);
            if (fd && !part.empty()) fd = rootless::find_in(fd->get(), part, rootless::LastLink::followed);
            if (!fd) throw Error("option U: there is no ", shown);
            storage::chown_tree(fd->get(), shown, uid, gid);
        }
    });
}

bool is_selinux_enabled() {
    struct statfs fs {};
    return ::statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

namespace {

/// A directory that takes up what is written, and the one it lies over, whose mode and owner it shows.
struct Upper {
    std::string path;
    std::string lower;
    std::string shift; ///< of the owner, with our own overlay
};

std::vector<Upper> own_uppers(const oci::RuntimeSpec& spec, const std::string& place) {
    std::vector<Upper> uppers;
    for (const oci::Mount& mount : spec.mounts) {
        if (!rootless::is_overlay(mount)) continue;
        const rootless::OverlayDirectories directories = rootless::overlay_directories(mount);
        const std::string& lowest = directories.lower.back(); // the empty one below a single layer
        const std::string& own = directories.upper.starts_with(place) ? directories.upper : lowest;
        if (own.starts_with(place)) uppers.push_back({own, directories.lower.front(), directories.shift});
    }
    return uppers;
}

struct stat stat_of(const std::string& directory) { return sys::fstat(sys::open(directory, O_PATH).get(), directory); }

void make_upper(const Upper& upper) {
    struct stat st = stat_of(upper.lower);
    if (!upper.shift.empty()) {
        const storage::IdShift shift = storage::parse_id_shift(upper.shift);
        st.st_uid = shift.find_uid(st.st_uid).value_or(st.st_uid);
        st.st_gid = shift.find_gid(st.st_gid).value_or(st.st_gid);
    }
    sys::ensure_dir(upper.path, 0700);
    sys::ensure_dir(upper.path.substr(0, upper.path.find_last_of('/')) + "/work", 0700);
    if (::chown(upper.path.c_str(), st.st_uid, st.st_gid) != 0) throw SysError{errno, cat("set the owner of ", upper.path)};
    if (::chmod(upper.path.c_str(), st.st_mode & 07777) != 0) throw SysError{errno, cat("set the mode of ", upper.path)};
}

} // namespace

void renew_overlays(Engine& engine, const ContainerDir& dir, const oci::RuntimeSpec& spec) {
    const std::vector<Upper> uppers = own_uppers(spec, dir.path() + "/overlays/");
    if (uppers.empty()) return;
    const storage::Root data_root(engine.paths.data);
    if (data_root.discard(dir.path().substr(data_root.dir().size() + 1) + "/overlays")) empty_trash(engine);
    const auto make = [&] { std::ranges::for_each(uppers, make_upper); };
    const bool ours = std::ranges::all_of(uppers, [&](const Upper& upper) {
        const struct stat st = stat_of(upper.lower);
        return upper.shift.empty() && st.st_uid == engine.paths.uid && st.st_gid == engine.paths.gid;
    });
    if (ours) make();
    else rootless::run_in_userns(engine.load_maps(), make); // owners are ids of the container
}

UniqueFd open_mount_points(const Engine& engine, const oci::RuntimeSpec& spec) {
    const auto is_mounted_on = [&](std::string_view path) {
        return std::ranges::find(spec.mounts, path, &oci::Mount::destination) != spec.mounts.end();
    };
    if (!std::ranges::all_of(storage::mount_point_files, is_mounted_on)) return {};
    if (rootless::normalized(maps_of(spec)) != rootless::normalized(engine.maps)) return {};
    return storage::open_mount_points(engine.paths);
}

} // namespace lib
