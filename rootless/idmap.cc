// See rootless/idmap.h.
#include "rootless/idmap.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <sys/mount.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace rootless {
namespace {

Error refused(const std::string& source) {
    return Error("idmap ", source, ": the kernel lets only who has mounted the file system, or the machine's root, show it with other ids");
}

/// A user namespace with these maps, of which nothing but the descriptor is left.
UniqueFd make_userns(const IdMaps& maps) {
    const pid_t pid = fork_in_userns(maps, [] {
        ::pause();
        return 0;
    });
    const OnExit end([&] { sys::kill_and_reap(pid); });
    return sys::open(cat("/proc/", pid, "/ns/user"), O_RDONLY);
}

} // namespace

UniqueFd idmapped_tree(const std::string& source, bool recursive, bool maps_all, const IdMaps& maps) {
    const unsigned depth = recursive ? AT_RECURSIVE : 0;
    UniqueFd tree(::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | depth));
    if (!tree && errno == EPERM) throw refused(source);
    if (!tree) throw SysError{errno, cat("bind mount source ", source)};
    const UniqueFd userns = make_userns(maps);
    struct mount_attr attributes {};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<__u64>(userns.get());
    if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | (maps_all ? AT_RECURSIVE : 0U), &attributes, sizeof attributes) == 0) return tree;
    if (errno == EPERM) throw refused(source);
    if (errno == EINVAL) throw Error("idmap ", source, ": the kernel cannot show this file system with other ids");
    throw SysError{errno, cat("idmap ", source)};
}

} // namespace rootless
