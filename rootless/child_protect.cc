// Zone C: what of the kernel's file systems a container is not to see or to change, and its own settings there.
#include "rootless/child_internal.h"

#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

namespace rootless::child {
namespace {

constexpr std::uint64_t hidden = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/// Whether the path belongs to the file system its name says: a mask on a fake /proc would hide nothing.
errint check_origin(int fd, const char* path) noexcept {
    const bool proc = ::strncmp(path, "/proc/", 6) == 0, sys = ::strncmp(path, "/sys/", 5) == 0;
    struct statfs fs {};
    if (!proc && !sys) return 0;
    if (::fstatfs(fd, &fs) != 0) return -errno;
    if (proc && fs.f_type != PROC_SUPER_MAGIC) return -EXDEV;
    return 0;
}

/// Nothing to protect is no error.
errint find_protected(const Step& step, const State& state) noexcept {
    ScopedFd target(find_target(step, state, Create::nothing));
    if (target.get() < 0) return target.get() == -ENOTDIR ? -ENOENT : target.get();
    const errint error = check_origin(target.get(), step.path);
    return error < 0 ? error : target.release();
}

} // namespace

errint mask(const Step& step, State& state) noexcept {
    ScopedFd target(find_protected(step, state));
    if (target.get() < 0) return target.get() == -ENOENT ? 0 : target.get();
    if (!is_directory(target.get())) return bind_node(step, state, "/dev/null", makedev(1, 3), target.get());
    const FsOption options[] = {{"size", "0"}, {"mode", "0555"}, {nullptr, nullptr}};
    ScopedFd empty(attach_fs(step, state, "tmpfs", options, hidden, target.get()));
    return empty.get() < 0 ? empty.get() : 0;
}

errint make_readonly(const Step& step, State& state) noexcept {
    ScopedFd target(find_protected(step, state));
    if (target.get() < 0) return target.get() == -ENOENT ? 0 : target.get();
    ScopedFd copy(attach_copy(step, state, target.get(), target.get(), MOUNT_ATTR_RDONLY, AT_RECURSIVE));
    return copy.get() < 0 ? copy.get() : 0;
}

/// Writes below the /proc we mounted ourselves, never through a path another mount could redirect.
errint write_sysctl(const Step& step, State& state) noexcept {
    char path[256];
    if (::snprintf(path, sizeof path, "sys/%s", step.path) >= static_cast<int>(sizeof path)) return -ENAMETOOLONG;
    ScopedFd node(open_in_root(state.proc_fd, path, Create::nothing, true));
    if (node.get() < 0) return node.get();
    struct statfs fs {};
    if (::fstatfs(node.get(), &fs) != 0) return -errno;
    if (fs.f_type != PROC_SUPER_MAGIC) return -EXDEV;
    ScopedFd file(checked(::open(FdPath(node.get()).text, O_WRONLY | O_CLOEXEC)));
    if (file.get() < 0) return file.get();
    const errint n = checked(::write(file.get(), step.source, ::strlen(step.source)));
    return n < 0 ? n : 0;
}

errint change_mount(const Step& step, const State& state) noexcept {
    ScopedFd target(find_target(step, state, Create::nothing));
    if (target.get() < 0) return target.get();
    struct mount_attr attr {};
    attr.attr_set = step.attributes;
    attr.attr_clr = step.cleared;
    if (step.attributes & MOUNT_ATTR__ATIME) attr.attr_clr |= MOUNT_ATTR__ATIME;
    const errint error = checked(::mount_setattr(target.get(), "", AT_EMPTY_PATH, &attr, sizeof attr));
    return error == -ENOSYS ? legacy::add_attributes(target.get(), step.attributes) : error;
}

} // namespace rootless::child
