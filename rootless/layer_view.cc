// A merged tree to look at; see rootless/layer_view.h.
#include "rootless/layer_view.h"

#include "base/error.h"
#include "base/files.h"
#include "base/helper_process.h"
#include "base/sys.h"
#include "rootless/child_internal.h"
#include "rootless/container_view.h"

#include <sys/mount.h>
#include <fcntl.h>

#include <cerrno>
#include <vector>

namespace rootless {

namespace {

std::string path_of(int fd) {
    const auto path = sys::find_link_at(AT_FDCWD, cat("/proc/self/fd/", fd));
    if (!path) throw Error("descriptor ", fd, " of a layer is not open");
    return *path;
}

/// The directory of an inherited descriptor as our own mount namespace has it: overlay takes no other.
UniqueFd reopen(int fd) {
    const std::string path = path_of(fd);
    UniqueFd dir = files::open_dir(path);
    const struct stat ours = sys::fstat(dir.get(), path), given = sys::fstat(fd, path);
    if (ours.st_dev != given.st_dev || ours.st_ino != given.st_ino) throw Error(path, " was exchanged while it was in use");
    return dir;
}

/// The option "lowerdir=…" of overlay; the directories are kept open in `own`.
std::string lower_option(const LayerFds& layers, std::vector<UniqueFd>& own) {
    std::string data = "userxattr,lowerdir=";
    const auto add = [&](int layer, const char* separator) {
        own.push_back(reopen(layer));
        data += cat(separator, "/proc/self/fd/", own.back().get());
    };
    if (layers.top >= 0) add(layers.top, "");
    for (const int layer : layers.lower) add(layer, own.empty() ? "" : ":");
    for (const int layer : layers.data) add(layer, "::");
    return data;
}

void mount_fuse(const LayerFds& layers, int container_dir, const std::string& mountpoint) {
    std::vector<std::string> words;
    if (layers.top >= 0) words.insert(words.end(), {"--top", path_of(layers.top)});
    for (const int layer : layers.lower) words.insert(words.end(), {"--lower", path_of(layer)});
    if (!layers.fuse.shift.empty()) words.insert(words.end(), {"--shift", layers.fuse.shift});
    if (container_dir >= 0) {
        const std::string dir = path_of(container_dir);
        words.insert(words.end(), {"--upper", dir + "/upper", "--work", dir + "/work"});
    }
    run_fuse_mount(layers.fuse.program, std::move(words), mountpoint);
}

void mount_overlay(const ContainerParts& parts) {
    if (!parts.layers.fuse.program.empty()) return mount_fuse(parts.layers, parts.container_dir, parts.mountpoint);
    std::vector<UniqueFd> own;
    std::string data = lower_option(parts.layers, own);
    const UniqueFd dir = reopen(parts.container_dir);
    data += cat(",upperdir=/proc/self/fd/", dir.get(), "/upper,workdir=/proc/self/fd/", dir.get(), "/work");
    if (::mount("overlay", parts.mountpoint.c_str(), "overlay", MS_NODEV | MS_NOSUID, data.c_str()) != 0)
        throw SysError{errno, "mount the container's root"};
}

} // namespace

void run_fuse_mount(const std::string& program, std::vector<std::string> words, const std::string& mountpoint) {
    words.insert(words.begin(), "mount");
    words.push_back(mountpoint);
    HelperProcess helper(program, std::move(words));
    if (const auto complaint = helper.finish()) throw Error(complaint->empty() ? "ctl-fuse ended without a word" : *complaint);
}

UniqueFd mount_layers(const LayerFds& layers, const std::string& mountpoint) {
    if (!layers.fuse.program.empty()) {
        mount_fuse(layers, -1, mountpoint);
        return files::open_dir(mountpoint);
    }
    std::vector<UniqueFd> own;
    const std::string data = lower_option(layers, own);
    if (own.size() == 1) return std::move(own.front()); // overlay wants two
    if (::mount("overlay", mountpoint.c_str(), "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID, data.c_str()) != 0)
        throw SysError{errno, "mount the image's layers"};
    return files::open_dir(mountpoint);
}

UniqueFd mount_container(const ContainerParts& parts) {
    if (parts.directory.empty()) mount_overlay(parts);
    else if (::mount(parts.directory.c_str(), parts.mountpoint.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
        throw SysError{errno, cat("mount ", parts.directory)};
    UniqueFd root = files::open_dir(parts.mountpoint);
    mount_inside(root.get(), parts.mounts, parts.renewed, parts.layers.fuse.program);
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
