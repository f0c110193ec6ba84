// A merged tree to look at; see rootless/layer_view.h.
#include "rootless/layer_view.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "rootless/child_internal.h"
#include "rootless/plan.h"

#include <sys/mount.h>
#include <fcntl.h>

#include <cerrno>
#include <vector>

namespace rootless {

namespace {

/// The directory of an inherited descriptor as our own mount namespace has it: overlay takes no other.
UniqueFd reopen(int fd) {
    const auto path = sys::find_link_at(AT_FDCWD, cat("/proc/self/fd/", fd));
    if (!path) throw Error("descriptor ", fd, " of a layer is not open");
    UniqueFd dir = files::open_dir(*path);
    const struct stat ours = sys::fstat(dir.get(), *path), given = sys::fstat(fd, *path);
    if (ours.st_dev != given.st_dev || ours.st_ino != given.st_ino) throw Error(*path, " was exchanged while it was in use");
    return dir;
}

/// The option "lowerdir=…" of overlay; the directories are kept open in `own`.
std::string lower_option(const LayerFds& layers, std::vector<UniqueFd>& own) {
    std::string data = "userxattr,lowerdir=";
    const auto add = [&](int layer, const char* separator) {
        own.push_back(reopen(layer));
        data += cat(separator, "/proc/self/fd/", own.back().get());
    };
    for (const int layer : layers.lower) add(layer, own.empty() ? "" : ":");
    for (const int layer : layers.data) add(layer, "::");
    return data;
}

/// Where a bind's content is; empty where it is gone.
UniqueFd open_source(const oci::Mount& mount, const MountOptions& options) {
    auto source = sys::try_open(mount.source, O_PATH);
    if (!source || options.subdirectory.empty()) return source ? std::move(*source) : UniqueFd();
    auto part = find_in(source->get(), options.subdirectory, LastLink::followed); // the container has written there
    return part ? std::move(*part) : UniqueFd();
}

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

} // namespace

UniqueFd mount_layers(const LayerFds& layers, const std::string& mountpoint) {
    std::vector<UniqueFd> own;
    const std::string data = lower_option(layers, own);
    if (own.size() == 1) return std::move(own.front()); // overlay wants two
    if (::mount("overlay", mountpoint.c_str(), "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID, data.c_str()) != 0)
        throw SysError{errno, "mount the image's layers"};
    return files::open_dir(mountpoint);
}

UniqueFd mount_container(const ContainerParts& parts) {
    std::vector<UniqueFd> own;
    std::string data = lower_option(parts.layers, own);
    const UniqueFd dir = reopen(parts.container_dir);
    data += cat(",upperdir=/proc/self/fd/", dir.get(), "/upper,workdir=/proc/self/fd/", dir.get(), "/work");
    if (::mount("overlay", parts.mountpoint.c_str(), "overlay", MS_NODEV | MS_NOSUID, data.c_str()) != 0)
        throw SysError{errno, "mount the container's root"};
    UniqueFd root = files::open_dir(parts.mountpoint);
    for (const oci::Mount& mount : parts.mounts) {
        if (mount.type != "bind") continue;
        const MountOptions options = parse_mount_options(mount);
        const UniqueFd source = open_source(mount, options);
        if (!source) continue; // gone meanwhile: the container could not start, its files can still be had
        if (const child::errint e = bind_into(root.get(), mount, options, source.get()); e < 0)
            throw SysError{-e, cat("mount ", mount.source, " on ", mount.destination)};
    }
    return root;
}

std::optional<UniqueFd> find_in(int root, const std::string& path, LastLink last) {
    const int fd = last == LastLink::followed ? child::open_in_root(root, path.c_str(), child::Create::nothing, false)
                                              : child::checked(::openat(root, path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (fd == -ENOENT || fd == -ENOTDIR) return std::nullopt;
    if (fd < 0) throw SysError{-fd, cat("open ", path)};
    return UniqueFd(fd);
}

std::optional<UniqueFd> find_directory_in(int root, const std::string& path) {
    const int fd = child::open_in_root(root, path.c_str(), child::Create::nothing, false);
    if (fd == -ENOENT || fd == -ENOTDIR) return std::nullopt;
    if (fd < 0) throw SysError{-fd, cat("open ", path, " in the image")};
    const UniqueFd handle(fd);
    if (!S_ISDIR(sys::fstat(fd, path).st_mode)) return std::nullopt;
    return sys::open(cat("/proc/self/fd/", fd), O_RDONLY | O_DIRECTORY);
}

} // namespace rootless
