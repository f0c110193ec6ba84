// Zone C: the root file system as a whole: mounted or taken over at the beginning, changed to at the end.
#include "rootless/child_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace rootless::child {

/// Puts our own view of a directory in the place of the parent's descriptor.
errint reopen(const Step& step) noexcept {
    ScopedFd dir(checked(::open(step.source, O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (dir.get() < 0) return dir.get();
    struct stat st {};
    if (::fstat(dir.get(), &st) != 0) return -errno;
    if (st.st_dev != step.device || st.st_ino != step.inode) return -ESTALE;
    const errint fd = checked(::dup3(dir.get(), step.fd, O_CLOEXEC));
    return fd < 0 ? fd : 0;
}

errint attach_root(const Step& step, State& state) noexcept {
    const errint mounted = step.kind == StepKind::overlay_root
                               ? checked(::mount("overlay", step.path, "overlay", MS_NODEV, step.source))
                               : checked(::mount(step.source, step.path, nullptr, MS_BIND | MS_REC, nullptr));
    if (mounted < 0) return mounted;
    state.root_fd = checked(::open(step.path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    return state.root_fd < 0 ? state.root_fd : 0;
}

/// The device goes to the process that answers for it, and stays with nobody else: when that ends, every access fails with
/// ENOTCONN. It must be opened in the user namespace that the mount is to belong to (fuse_fill_super, EINVAL).
errint attach_fuse(const char* path, std::uint64_t attributes, int socket) noexcept {
    ScopedFd device(checked(::open("/dev/fuse", O_RDWR | O_CLOEXEC)));
    if (device.get() < 0) return device.get();
    char number[16];
    ::snprintf(number, sizeof number, "%d", device.get());
    const FsOption options[] = {{"fd", number}, {"rootmode", "40000"}, {"user_id", "0"}, {"group_id", "0"},
                                {"default_permissions", nullptr}, {"allow_other", nullptr}, {nullptr, nullptr}};
    ScopedFd target(checked(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (target.get() < 0) return target.get();
    ScopedFd mounted(new_fs("fuse", options, attributes | MOUNT_ATTR_NODEV));
    errint error = mounted.get() < 0 ? mounted.get() : move_onto(mounted.get(), target.get());
    if (error == -ENOSYS) error = legacy::mount_fs("fuse", options, attributes | MOUNT_ATTR_NODEV, target.get());
    return error < 0 ? error : send_fd(socket, device.get());
}

errint attach_fuse_root(const Step& step, State& state) noexcept {
    if (const errint e = attach_fuse(step.path, 0, step.socket); e < 0) return e;
    state.root_fd = checked(::open(step.path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    return state.root_fd < 0 ? state.root_fd : 0;
}

/// The overlay that is mounted over it keeps it.
errint attach_fuse_lower(const Step& step) noexcept {
    if (const errint e = attach_fuse(step.path, MOUNT_ATTR_RDONLY, step.socket); e < 0) return e;
    ScopedFd dir(checked(::open(step.path, O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (dir.get() < 0) return dir.get();
    const errint fd = checked(::dup3(dir.get(), step.fd, O_CLOEXEC));
    return fd < 0 ? fd : 0;
}

/// The mount that is our working directory has come with our mount namespace and is locked in it, so a copy covers it.
errint adopt_root(State& state) noexcept {
    ScopedFd copy(checked(::open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)));
    if (copy.get() < 0) return copy.get();
    ScopedFd here(checked(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (here.get() < 0) return here.get();
    if (const errint e = move_onto(copy.get(), here.get()); e < 0) return e;
    state.root_fd = copy.release();
    return 0;
}

errint readonly_root(const State& state) noexcept {
    const errint error = set_attributes(state.root_fd, MOUNT_ATTR_RDONLY, 0);
    return error == -ENOSYS ? legacy::add_attributes(state.root_fd, MOUNT_ATTR_RDONLY) : error;
}

errint move_root(const State& state) noexcept {
    if (::fchdir(state.root_fd) != 0 || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) return -errno;
    if (::chroot(".") != 0) return -errno;
    return checked(::chdir("/"));
}

/// pivot_root(2), "pivot_root(".", ".")": the old root lies under the new one and is detached there.
errint pivot(const State& state) noexcept {
    ScopedFd old_root(checked(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (old_root.get() < 0) return old_root.get();
    if (::fchdir(state.root_fd) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return -errno;
    if (::fchdir(old_root.get()) != 0 || ::umount2(".", MNT_DETACH) != 0) return -errno;
    return checked(::chdir("/"));
}

} // namespace rootless::child
