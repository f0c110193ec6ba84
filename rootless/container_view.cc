// See rootless/container_view.h.
#include "rootless/container_view.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "rootless/child_internal.h"
#include "rootless/layer_view.h"
#include "rootless/overlay_options.h"
#include "rootless/plan.h"

#include <sys/mount.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace rootless {
namespace {

child::errint bind_into(int root, const oci::Mount& mount, const MountOptions& options, int source) {
    const bool directory = S_ISDIR(sys::fstat(source, mount.source).st_mode);
    const auto open_target = [&] {
        return UniqueFd(child::open_in_root(root, mount.destination.c_str(), directory ? child::Create::directory : child::Create::file, false));
    };
    const UniqueFd target = open_target();
    if (target.get() < 0) return target.get();
    if (const child::errint e = child::legacy::bind(source, target.get(), options.recursive ? AT_RECURSIVE : 0); e < 0) return e;
    const UniqueFd mounted = open_target();
    if (mounted.get() < 0) return mounted.get();
    return child::legacy::add_attributes(mounted.get(), options.attributes);
}

/// Shows `source`, or the part of it that is wanted.
void show(int root, const oci::Mount& mount, const MountOptions& options, int source) {
    std::optional<UniqueFd> part; // the container has written there
    if (!options.subdirectory.empty() && !(part = find_in(source, options.subdirectory, LastLink::followed))) return;
    if (const child::errint e = bind_into(root, mount, options, part ? part->get() : source); e < 0)
        throw SysError{-e, cat("mount ", mount.source, " on ", mount.destination)};
}

void show_overlay(int root, const oci::Mount& mount, MountOptions options, const std::string& renewed) {
    OverlayDirectories directories = overlay_directories(mount);
    if (directories.upper.starts_with(renewed)) { // read as one more layer, which makes it read-only
        directories.lower.insert(directories.lower.begin(), std::exchange(directories.upper, ""));
        options.attributes |= MOUNT_ATTR_RDONLY;
    }
    std::vector<UniqueFd> own;
    const auto name = [&](UniqueFd fd) {
        own.push_back(std::move(fd));
        return cat("/proc/self/fd/", own.back().get());
    };
    std::string data = "userxattr";
    std::string place;
    for (const std::string& path : directories.lower) {
        auto fd = sys::try_open(path, O_RDONLY | O_DIRECTORY);
        if (!fd && path.starts_with(renewed)) continue; // never started
        if (!fd) return;
        data += cat(place.empty() ? ",lowerdir=" : ":", name(std::move(*fd)));
        place = path;
    }
    for (const std::string& path : directories.data) data += cat("::", name(files::open_dir(path)));
    if (own.size() == 1 && directories.upper.empty()) return show(root, mount, options, own.front().get()); // overlay wants two
    if (!directories.upper.empty()) {
        auto upper = sys::try_open(directories.upper, O_RDONLY | O_DIRECTORY), work = sys::try_open(directories.work, O_RDONLY | O_DIRECTORY);
        if (!upper || !work) return;
        data += cat(",upperdir=", name(std::move(*upper)), ",workdir=", name(std::move(*work)));
    }
    if (::mount("overlay", place.c_str(), "overlay", MS_NODEV | MS_NOSUID, data.c_str()) != 0)
        throw SysError{errno, cat("mount an overlay of ", place)};
    const OnExit unmount([&] { ::umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW); });
    show(root, mount, options, files::open_dir(place).get());
}

} // namespace

void mount_inside(int root, const std::vector<oci::Mount>& mounts, const std::string& renewed) {
    for (const oci::Mount& mount : mounts) {
        if (mount.type == "overlay") show_overlay(root, mount, parse_mount_options(mount), renewed);
        if (mount.type != "bind") continue;
        // Gone meanwhile: the container could not start, its files can still be had.
        if (const auto source = sys::try_open(mount.source, O_PATH)) show(root, mount, parse_mount_options(mount), source->get());
    }
}

} // namespace rootless
