// A merged tree to look at; see rootless/layer_view.h.
#include "rootless/layer_view.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "rootless/child_internal.h"

#include <sys/mount.h>
#include <fcntl.h>

#include <cerrno>

namespace rootless {

UniqueFd mount_layers(std::span<const int> layers, const std::string& mountpoint) {
    if (layers.size() == 1) return sys::open(cat("/proc/self/fd/", layers[0]), O_RDONLY | O_DIRECTORY);
    std::string data = "userxattr,lowerdir=";
    for (std::size_t i = 0; i < layers.size(); ++i) data += cat(i == 0 ? "" : ":", "/proc/self/fd/", layers[i]);
    if (::mount("overlay", mountpoint.c_str(), "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID, data.c_str()) != 0)
        throw SysError{errno, "mount the image's layers"};
    return files::open_dir(mountpoint);
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
