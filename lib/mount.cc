// See lib/mount.h.
#include "lib/mount.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/container_files.h"
#include "lib/events.h"
#include "lib/resolve_image.h"
#include "rootless/layer_view.h"

#include <sys/mount.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <sstream>

namespace lib {
namespace {

/// Whether this process may mount: it has the capability in its user namespace.
bool may_mount() {
    struct __user_cap_header_struct header {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] {};
    if (::syscall(SYS_capget, &header, data) != 0) return false;
    return (data[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
}

std::string merged_of(const ContainerDir& dir) { return dir.path() + "/merged"; }

/// Mount points of this mount namespace; characters that mountinfo escapes stay escaped, ours have none but the user's home.
std::set<std::string> mount_points() {
    std::set<std::string> points;
    std::istringstream lines(sys::read_to_end(sys::open("/proc/self/mountinfo", O_RDONLY).get(), 64 << 20, "mountinfo"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string id, parent, device, root, point;
        fields >> id >> parent >> device >> root >> point;
        std::string plain;
        for (std::size_t i = 0; i < point.size(); ++i) {
            if (point[i] == '\\' && i + 3 < point.size()) {
                plain += static_cast<char>((point[i + 1] - '0') * 64 + (point[i + 2] - '0') * 8 + (point[i + 3] - '0'));
                i += 3;
            } else {
                plain += point[i];
            }
        }
        points.insert(plain);
    }
    return points;
}

/// The map of the user namespace we are in: its ids and, as nobody is between, those of this machine.
std::vector<rootless::IdRange> own_ranges(const char* file) {
    std::vector<rootless::IdRange> ranges;
    std::istringstream lines(sys::read_to_end(sys::open(file, O_RDONLY).get(), 1 << 20, file));
    for (rootless::IdRange r{}; lines >> r.inside >> r.outside >> r.count;) ranges.push_back(r);
    return ranges;
}

void require_namespace(const char* command) {
    if (!may_mount())
        throw Error("an ordinary user cannot ", command, " here: run it inside `ctl unshare`, whose mounts you see there only");
}

/// What the engine would use, an identity, is for those who make namespaces from here.
void take_own_maps(Engine& engine) { engine.maps = {own_ranges("/proc/self/uid_map"), own_ranges("/proc/self/gid_map")}; }

void unmount(const std::string& path, Busy busy) {
    const int flags = UMOUNT_NOFOLLOW | (busy == Busy::unmount ? MNT_DETACH : 0);
    if (::umount2(path.c_str(), flags) != 0) throw SysError{errno, cat("umount ", path)};
}

MountedRoot root_of(const Engine& engine, const storage::Image& image) {
    const std::string hex = storage::digest_hex(image.id);
    return {hex, image.names.empty() ? hex : image.names.front(), cat(engine.paths.runtime, "/images/", hex)};
}

} // namespace

MountedRoot mount_root(Engine& engine, const std::string& id_or_name) {
    require_namespace("mount");
    (void)choose_driver(engine, engine.storage_driver, LayerOwners::as_stored); // asked while we may make namespaces
    take_own_maps(engine);
    const ContainerFiles files = ContainerFiles::open(engine, id_or_name, FilesUse::own_only);
    const std::string path = merged_of(files.dir());
    const MountedRoot mounted{files.dir().id(), files.record().name, path};
    if (mount_points().contains(path)) return mounted;
    const FileLock lock = files.dir().lock();
    if (find_container_process(files.dir().load_state())) files.open_root();
    else files.open_writable_root();
    record_container_event(engine.paths, files.record(), "mount");
    return mounted;
}

bool unmount_root(const Engine& engine, const std::string& id_or_name, Busy busy) {
    require_namespace("umount");
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    if (!mount_points().contains(merged_of(dir))) return false;
    unmount(merged_of(dir), busy);
    record_container_event(engine.paths, dir.load_record(), "unmount");
    return true;
}

std::vector<MountedRoot> mounted_roots(const Engine& engine) {
    std::vector<MountedRoot> list;
    const std::set<std::string> points = mount_points();
    for (const ContainerSummary& container : list_containers(engine, true))
        if (const auto dir = ContainerDir::find(engine, container.id); dir && points.contains(merged_of(*dir)))
            list.push_back({container.id, container.name, merged_of(*dir)});
    return list;
}

MountedRoot mount_image(Engine& engine, const std::string& name_or_id) {
    require_namespace("mount");
    engine.paths.ensure();
    const storage::Image image = get_local_image(engine, name_or_id).image;
    const MountedRoot mounted = root_of(engine, image);
    if (mount_points().contains(mounted.path)) return mounted;
    if (image.diff_ids.empty()) throw Error("image ", mounted.name, " has no layers");
    engine.load_maps();
    const auto mode = engine.maps.is_single() ? storage::IdMode::single : storage::IdMode::subordinate;
    const storage::OpenLayers layers = storage::Store(engine.paths).open_layers(image, mode);
    for (const char* place : {"/images", "/images/empty"}) sys::ensure_dir(engine.paths.runtime + place, 0700);
    sys::ensure_dir(mounted.path, 0700);
    RootLayers root = root_layers(engine, layers, image.diff_ids, engine.maps, choose_driver_for(engine, {}, image.diff_ids, engine.maps));
    const UniqueFd empty = sys::open(engine.paths.runtime + "/images/empty", O_PATH | O_DIRECTORY);
    root.lower.push_back(empty.get()); // the kernel's overlay wants two
    (void)rootless::mount_layers(root.fds(), mounted.path);
    record_image_event(engine.paths, "mount", mounted.id, mounted.name);
    return mounted;
}

bool unmount_image(const Engine& engine, const std::string& name_or_id, Busy busy) {
    require_namespace("umount");
    const MountedRoot mounted = root_of(engine, get_local_image(engine, name_or_id).image);
    if (!mount_points().contains(mounted.path)) return false;
    unmount(mounted.path, busy);
    record_image_event(engine.paths, "unmount", mounted.id, mounted.name);
    return true;
}

std::vector<MountedRoot> mounted_images(const Engine& engine) {
    std::vector<MountedRoot> list;
    const std::set<std::string> points = mount_points();
    for (const storage::Image& image : storage::Store(engine.paths).images())
        if (MountedRoot root = root_of(engine, image); points.contains(root.path)) list.push_back(std::move(root));
    return list;
}

} // namespace lib
