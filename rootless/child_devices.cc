// Zone C: the container's devices, its console, and the links in its /dev.
#include "rootless/child_internal.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace rootless::child {
namespace {

/// The directory that the step's path is an entry of, made where it is missing; `name` is the entry's.
errint open_parent(const Step& step, const State& state, const char*& name) noexcept {
    const char* slash = ::strrchr(step.path, '/');
    char parent[4096];
    const auto length = static_cast<std::size_t>(slash + 1 - step.path);
    if (length >= sizeof parent) return -ENAMETOOLONG;
    ::memcpy(parent, step.path, length);
    parent[length] = '\0';
    name = slash + 1;
    return open_in_root(state.root_fd, parent, Create::directory, step.fixed_path);
}

/// Whether the node there is the one that is wanted.
bool is_node(const struct stat& st, const Step& step) noexcept {
    if ((st.st_mode & S_IFMT) != (step.mode & S_IFMT)) return false;
    return S_ISFIFO(st.st_mode) || st.st_rdev == step.device;
}

/// The host's node of that number, bound onto a file of the container.
errint borrow_node(const Step& step, const State& state) noexcept {
    ScopedFd source(checked(::open(step.source, O_PATH | O_CLOEXEC)));
    if (source.get() < 0) return source.get();
    struct stat st {};
    if (::fstat(source.get(), &st) != 0) return -errno;
    if (!is_node(st, step)) return -ENODEV;
    ScopedFd target(find_target(step, state, Create::file));
    if (target.get() < 0) return target.get();
    ScopedFd mounted(attach_copy(step, state, source.get(), target.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0));
    return mounted.get() < 0 ? mounted.get() : 0;
}

} // namespace

/// Binds a character device of the host, refused unless it is the one it should be, onto `target`.
errint bind_node(const Step& step, const State& state, const char* node, std::uint64_t device, int target) noexcept {
    ScopedFd source(checked(::open(node, O_PATH | O_CLOEXEC)));
    if (source.get() < 0) return source.get();
    struct stat st {};
    if (::fstat(source.get(), &st) != 0) return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_rdev != device) return -ENODEV; // not the device it claims to be
    ScopedFd mounted(attach_copy(step, state, source.get(), target, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0));
    return mounted.get() < 0 ? mounted.get() : 0;
}

/// A node of the host's /dev, bound onto an empty file: mknod is closed to user namespaces.
errint bind_device(const Step& step, State& state) noexcept {
    ScopedFd target(find_target(step, state, Create::file));
    if (target.get() < 0) return target.get();
    if (is_directory(target.get())) return -EISDIR;
    return bind_node(step, state, step.source, step.device, target.get());
}

errint add_symlink(const Step& step, State& state) noexcept {
    const char* name = nullptr;
    ScopedFd dir(open_parent(step, state, name));
    if (dir.get() < 0) return dir.get();
    const errint made = checked(::symlinkat(step.source, dir.get(), name));
    return made == -EEXIST ? 0 : made;
}

errint copy_link(const Step& step, State& state) noexcept {
    const char* name = nullptr;
    ScopedFd dir(open_parent(step, state, name));
    if (dir.get() < 0) return dir.get();
    const errint made = checked(::symlinkat(step.source, dir.get(), name));
    if (made != -EEXIST) return made;
    char there[4096];
    const ssize_t length = ::readlinkat(dir.get(), name, there, sizeof there);
    const bool same = length >= 0 && static_cast<std::size_t>(length) == ::strlen(step.source) && ::memcmp(there, step.source, static_cast<std::size_t>(length)) == 0;
    return same ? 0 : -EEXIST;
}

errint make_node(const Step& step, State& state) noexcept {
    const char* name = nullptr;
    ScopedFd dir(open_parent(step, state, name));
    if (dir.get() < 0) return dir.get();
    errint made = checked(::mknodat(dir.get(), name, step.mode, step.device));
    if (made == -EPERM && step.source != nullptr) return borrow_node(step, state);
    if (made == -EEXIST) { // the image's or the host's, which will do if it is the same, and stays as it is
        struct stat st {};
        if (::fstatat(dir.get(), name, &st, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
        made = is_node(st, step) ? 0 : -EEXIST;
    }
    else if (made >= 0) made = checked(::fchownat(dir.get(), name, step.uid, step.gid, AT_SYMLINK_NOFOLLOW));
    return made;
}

errint bind_console(const Step& step, const ChildPlan& plan, State& state) noexcept {
    state.slave_fd = open_console(state.pts_fd, plan);
    if (state.slave_fd < 0) return state.slave_fd;
    if (::fchown(state.slave_fd, step.uid, static_cast<gid_t>(-1)) != 0) return -errno;
    ScopedFd target(find_target(step, state, Create::file));
    if (target.get() < 0) return target.get();
    ScopedFd copy(attach_copy(step, state, state.slave_fd, target.get(), 0, 0));
    return copy.get() < 0 ? copy.get() : 0;
}

} // namespace rootless::child
