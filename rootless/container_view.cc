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
#include <optional>
#include <utility>

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

/// What of an overlay is there, for a look: one whose container was never started, or whose source is gone, has not all.
std::optional<OverlayDirectories> find_directories(const oci::Mount& mount, const std::string& renewed) {
    const auto is_there = [](const std::string& path) { return sys::try_open(path, O_PATH | O_DIRECTORY).has_value(); };
    OverlayDirectories directories = overlay_directories(mount);
    if (directories.upper.starts_with(renewed)) // read as one more layer, which makes it read-only
        directories.lower.insert(directories.lower.begin(), std::exchange(directories.upper, ""));
    std::erase_if(directories.lower, [&](const std::string& path) { return path.starts_with(renewed) && !is_there(path); });
    if (directories.lower.empty() || !std::ranges::all_of(directories.lower, is_there)) return std::nullopt;
    if (!directories.upper.empty() && (!is_there(directories.upper) || !is_there(directories.work))) return std::nullopt;
    return directories;
}

void mount_kernel_overlay(const OverlayDirectories& directories, const std::string& place) {
    std::vector<UniqueFd> own;
    const auto name = [&](const std::string& path) {
        own.push_back(files::open_dir(path));
        return cat("/proc/self/fd/", own.back().get());
    };
    std::string data = "userxattr";
    const char* separator = ",lowerdir=";
    for (const std::string& path : directories.lower) data += cat(std::exchange(separator, ":"), name(path));
    for (const std::string& path : directories.data) data += cat("::", name(path));
    if (!directories.upper.empty()) data += cat(",upperdir=", name(directories.upper), ",workdir=", name(directories.work));
    if (::mount("overlay", place.c_str(), "overlay", MS_NODEV | MS_NOSUID, data.c_str()) != 0)
        throw SysError{errno, cat("mount an overlay of ", place)};
}

void mount_own_overlay(const OverlayDirectories& directories, const std::string& renewed, const std::string& program, const std::string& place) {
    std::vector<std::string> words;
    for (const std::string& path : directories.lower)
        words.insert(words.end(), {path.starts_with(renewed) && words.empty() ? "--top" : "--lower", path});
    if (!directories.upper.empty()) words.insert(words.end(), {"--upper", directories.upper, "--work", directories.work});
    if (!directories.shift.empty()) words.insert(words.end(), {"--shift", directories.shift});
    run_fuse_mount(program, std::move(words), place);
}

void show_overlay(int root, const oci::Mount& mount, const std::string& renewed, const std::string& fuse_program) {
    MountOptions options = parse_mount_options(mount);
    const auto directories = find_directories(mount, renewed);
    if (!directories) return;
    const std::string& place = directories->lower.back();
    if (directories->upper.empty()) options.attributes |= MOUNT_ATTR_RDONLY;
    const bool single = directories->lower.size() == 1 && directories->data.empty() && directories->upper.empty() && directories->shift.empty();
    if (single) return show(root, mount, options, files::open_dir(place).get()); // the kernel's overlay wants two
    if (mount.type == fuse_overlay_type) mount_own_overlay(*directories, renewed, fuse_program, place);
    else mount_kernel_overlay(*directories, place);
    const OnExit unmount([&] { ::umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW); });
    show(root, mount, options, files::open_dir(place).get());
}

} // namespace

void mount_inside(int root, const std::vector<oci::Mount>& mounts, const std::string& renewed, const std::string& fuse_program) {
    for (const oci::Mount& mount : mounts) {
        if (is_overlay(mount)) show_overlay(root, mount, renewed, fuse_program);
        if (mount.type != "bind") continue;
        // Gone meanwhile: the container could not start, its files can still be had.
        if (const auto source = sys::try_open(mount.source, O_PATH)) show(root, mount, parse_mount_options(mount), source->get());
    }
}

} // namespace rootless
