// Zone C: the steps that put a container's root file system together.
//
// Everything is mounted by descriptor: a file system is made detached (fsopen, open_tree), gets its attributes, and is then
// moved onto a target that open_in_root has found inside the new root (move_mount with both paths empty, kernel 5.6). No
// path of the image is ever walked as a string, so neither a symbolic link in it nor a process racing in a shared volume
// can lead a mount out of the root (security.md rows A and B). Kernels without the new mount calls (ENOSYS) get mount(2)
// on /proc/self/fd/N of the same checked target; that branch goes when no supported kernel is older than 5.12.
#include "rootless/child_internal.h"

#include <linux/magic.h>
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

namespace rootless::child {
namespace {

constexpr std::uint64_t hidden = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/// "/proc/self/fd/N", for calls that take only paths. The host's /proc is still in sight until the pivot.
struct FdPath {
    char text[32];
    explicit FdPath(int fd) noexcept { ::snprintf(text, sizeof text, "/proc/self/fd/%d", fd); }
};

bool is_directory(int fd) noexcept {
    struct stat st {};
    return ::fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

unsigned long legacy_flags(std::uint64_t attributes) noexcept {
    unsigned long flags = 0;
    if (attributes & MOUNT_ATTR_RDONLY) flags |= MS_RDONLY;
    if (attributes & MOUNT_ATTR_NOSUID) flags |= MS_NOSUID;
    if (attributes & MOUNT_ATTR_NODEV) flags |= MS_NODEV;
    if (attributes & MOUNT_ATTR_NOEXEC) flags |= MS_NOEXEC;
    if (attributes & MOUNT_ATTR_NOATIME) flags |= MS_NOATIME;
    return flags;
}

errint move_onto(int mount_fd, int target_fd) noexcept {
    return checked(::move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

errint set_attributes(int mount_fd, std::uint64_t attributes, std::uint64_t propagation, unsigned flags) noexcept {
    struct mount_attr attr {};
    attr.attr_set = attributes;
    attr.propagation = propagation;
    if (attributes == 0 && propagation == 0) return 0;
    return checked(::mount_setattr(mount_fd, "", AT_EMPTY_PATH | flags, &attr, sizeof attr));
}

/// A detached mount of a new file system.
errint new_fs(const char* type, const FsOption* options, std::uint64_t attributes) noexcept {
    ScopedFd context(checked(::fsopen(type, FSOPEN_CLOEXEC)));
    if (context.get() < 0) return context.get();
    for (const FsOption* o = options; o != nullptr && o->key != nullptr; ++o) {
        const unsigned command = o->value != nullptr ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
        if (::fsconfig(context.get(), command, o->key, o->value, 0) != 0) return -errno;
    }
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return -errno;
    return checked(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
}

errint mount_fs_legacy(const Step& step, int target) noexcept {
    char data[1024] = "";
    std::size_t used = 0;
    for (const FsOption* o = step.options; o != nullptr && o->key != nullptr; ++o) {
        const int n = ::snprintf(data + used, sizeof data - used, "%s%s%s%s", used != 0 ? "," : "", o->key,
                                 o->value != nullptr ? "=" : "", o->value != nullptr ? o->value : "");
        used += static_cast<std::size_t>(n);
        if (n < 0 || used >= sizeof data) return -E2BIG;
    }
    return checked(::mount(step.source, FdPath(target).text, step.source, legacy_flags(step.attributes), data));
}

/// Remembers what later steps need of a file system just attached.
void keep_handle(const Step& step, int fd, State& state) noexcept {
    if (::strcmp(step.source, "devpts") == 0) state.pts_fd = fd;
    else if (::strcmp(step.source, "proc") == 0) state.proc_fd = fd;
    else ScopedFd close_it(fd);
}

errint mount_fs(const Step& step, State& state) noexcept {
    ScopedFd target(open_in_root(state.root_fd, step.path, Create::directory, step.fixed_path));
    if (target.get() < 0) return target.get();
    if (!is_directory(target.get())) return -ENOTDIR;
    ScopedFd mounted(new_fs(step.source, step.options, step.attributes));
    errint error = mounted.get();
    if (error == -ENOSYS) {
        error = mount_fs_legacy(step, target.get());
        if (error >= 0) mounted.reset(open_in_root(state.root_fd, step.path, Create::nothing, step.fixed_path));
    } else if (error >= 0) {
        error = move_onto(mounted.get(), target.get());
    }
    if (error >= 0 && step.propagation != 0) error = set_attributes(mounted.get(), 0, step.propagation, 0);
    if (error >= 0) keep_handle(step, mounted.release(), state);
    return error < 0 ? error : 0;
}

/// A detached copy of what the host has at `source`, refused unless it is the very file the parent looked at.
errint open_source(const char* source, std::uint64_t device, std::uint64_t inode) noexcept {
    ScopedFd fd(checked(::open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)));
    if (fd.get() < 0) return fd.get();
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return -errno;
    if (st.st_dev != device || st.st_ino != inode) return -ESTALE; // exchanged since
    return fd.release();
}

errint bind_legacy(const Step& step, int target, State& state) noexcept {
    struct stat st {};
    if (::mount(step.source, FdPath(target).text, nullptr, MS_BIND | MS_REC, nullptr) != 0) return -errno;
    ScopedFd mounted(open_in_root(state.root_fd, step.path, Create::nothing, step.fixed_path));
    if (mounted.get() < 0) return mounted.get();
    if (::fstat(mounted.get(), &st) != 0) return -errno;
    if (st.st_dev != step.device || st.st_ino != step.inode) return -ESTALE;
    if (step.attributes == 0) return 0;
    const unsigned long flags = MS_BIND | MS_REMOUNT | legacy_flags(step.attributes);
    return checked(::mount(nullptr, FdPath(mounted.get()).text, nullptr, flags, nullptr));
}

errint mount_bind(const Step& step, State& state) noexcept {
    ScopedFd source(open_source(step.source, step.device, step.inode));
    const bool legacy = source.get() == -ENOSYS;
    if (source.get() < 0 && !legacy) return source.get();
    struct stat st {};
    if (legacy ? ::stat(step.source, &st) != 0 : ::fstat(source.get(), &st) != 0) return -errno;
    const bool directory = S_ISDIR(st.st_mode);
    ScopedFd target(open_in_root(state.root_fd, step.path, directory ? Create::directory : Create::file, step.fixed_path));
    if (target.get() < 0) return target.get();
    if (is_directory(target.get()) != directory) return directory ? -ENOTDIR : -EISDIR;
    if (legacy) return bind_legacy(step, target.get(), state);
    if (const errint e = set_attributes(source.get(), step.attributes, 0, AT_RECURSIVE); e < 0) return e;
    if (const errint e = move_onto(source.get(), target.get()); e < 0) return e;
    return set_attributes(source.get(), 0, step.propagation, AT_RECURSIVE);
}

/// A node of the host's /dev, bound onto an empty file: mknod is closed to user namespaces.
errint bind_device(const Step& step, State& state) noexcept {
    struct stat st {};
    ScopedFd source(checked(::open_tree(AT_FDCWD, step.source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
    const bool legacy = source.get() == -ENOSYS;
    if (legacy) source.reset(checked(::open(step.source, O_PATH | O_CLOEXEC)));
    if (source.get() < 0) return source.get();
    if (::fstat(source.get(), &st) != 0) return -errno;
    if (!S_ISCHR(st.st_mode) || st.st_rdev != step.device) return -ENODEV; // not the device it claims to be
    ScopedFd target(open_in_root(state.root_fd, step.path, Create::file, false));
    if (target.get() < 0) return target.get();
    if (is_directory(target.get())) return -EISDIR;
    if (legacy)
        return checked(::mount(FdPath(source.get()).text, FdPath(target.get()).text, nullptr, MS_BIND, nullptr));
    if (const errint e = set_attributes(source.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0); e < 0) return e;
    return move_onto(source.get(), target.get());
}

errint add_symlink(const Step& step, State& state) noexcept {
    const char* slash = ::strrchr(step.path, '/');
    char parent[256];
    const auto length = static_cast<std::size_t>(slash - step.path);
    if (length >= sizeof parent) return -ENAMETOOLONG;
    ::memcpy(parent, step.path, length);
    parent[length] = '\0';
    ScopedFd dir(open_in_root(state.root_fd, parent, Create::directory, false));
    if (dir.get() < 0) return dir.get();
    const errint made = checked(::symlinkat(step.source, dir.get(), slash + 1));
    return made == -EEXIST ? 0 : made;
}

bool is_empty(int dir_fd) noexcept {
    ScopedFd dir(checked(::openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    alignas(8) char entries[512];
    const long size = ::syscall(SYS_getdents64, dir.get(), entries, sizeof entries);
    // "." and ".." take 24 bytes each; whatever else is there makes it more.
    return size >= 0 && size <= 48;
}

/// The permission bits that an option "mode" asks for, else those the image has there.
mode_t wanted_mode(const FsOption* options, mode_t image) noexcept {
    for (const FsOption* o = options; o != nullptr && o->key != nullptr; ++o) {
        if (::strcmp(o->key, "mode") != 0 || o->value == nullptr) continue;
        mode_t mode = 0;
        for (const char* c = o->value; *c >= '0' && *c <= '7'; ++c) mode = mode << 3 | static_cast<mode_t>(*c - '0');
        return mode & 07777;
    }
    return image & 07777;
}

/// A tmpfs whose first content is what the image has at the path: an overlay of the two, so nothing is copied.
errint tmpfs_over(const Step& step, State& state) noexcept {
    ScopedFd target(open_in_root(state.root_fd, step.path, Create::directory, step.fixed_path));
    if (target.get() < 0) return target.get();
    if (!is_directory(target.get())) return -ENOTDIR;
    if (is_empty(target.get())) return mount_fs(step, state);
    struct stat st {};
    if (::fstat(target.get(), &st) != 0) return -errno;
    ScopedFd lower(checked(::open_tree(target.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)));
    if (lower.get() < 0) lower.reset(checked(::openat(target.get(), ".", O_PATH | O_CLOEXEC)));
    ScopedFd store(new_fs("tmpfs", step.options, step.attributes));
    if (store.get() < 0) return store.get();
    // The tmpfs must be attached to be named in the overlay's options; it is covered by the overlay right after.
    if (const errint e = move_onto(store.get(), target.get()); e < 0) return e;
    if (::mkdirat(store.get(), "upper", 0700) != 0 || ::mkdirat(store.get(), "work", 0700) != 0) return -errno;
    if (::fchmodat(store.get(), "upper", wanted_mode(step.options, st.st_mode), 0) != 0) return -errno;
    if (::fchownat(store.get(), "upper", st.st_uid, st.st_gid, 0) != 0) return -errno;
    char data[256];
    ::snprintf(data, sizeof data, "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work,userxattr",
               target.get(), store.get(), store.get());
    return checked(::mount("overlay", FdPath(store.get()).text, "overlay", legacy_flags(step.attributes), data));
}

/// Whether the path belongs to the file system its name says: a mask on a fake /proc would hide nothing.
errint check_origin(int fd, const char* path) noexcept {
    const bool proc = ::strncmp(path, "/proc/", 6) == 0, sys = ::strncmp(path, "/sys/", 5) == 0;
    struct statfs fs {};
    if (!proc && !sys) return 0;
    if (::fstatfs(fd, &fs) != 0) return -errno;
    if (proc && fs.f_type != PROC_SUPER_MAGIC) return -EXDEV;
    return 0;
}

errint mask(const Step& step, State& state) noexcept {
    ScopedFd target(open_in_root(state.root_fd, step.path, Create::nothing, true));
    if (target.get() == -ENOENT || target.get() == -ENOTDIR) return 0; // nothing to hide
    if (target.get() < 0) return target.get();
    if (const errint e = check_origin(target.get(), step.path); e < 0) return e;
    if (!is_directory(target.get())) {
        Step null = step;
        null.source = "/dev/null"; // the host's, still in sight, checked to be 1:3
        null.device = makedev(1, 3);
        return bind_device(null, state);
    }
    const FsOption options[] = {{"size", "0"}, {"mode", "0555"}, {nullptr, nullptr}};
    ScopedFd empty(new_fs("tmpfs", options, hidden));
    if (empty.get() == -ENOSYS)
        return checked(::mount("tmpfs", FdPath(target.get()).text, "tmpfs", legacy_flags(hidden), "size=0,mode=0555"));
    return empty.get() < 0 ? empty.get() : move_onto(empty.get(), target.get());
}

errint make_readonly(const Step& step, State& state) noexcept {
    ScopedFd target(open_in_root(state.root_fd, step.path, Create::nothing, true));
    if (target.get() == -ENOENT || target.get() == -ENOTDIR) return 0;
    if (target.get() < 0) return target.get();
    if (const errint e = check_origin(target.get(), step.path); e < 0) return e;
    ScopedFd copy(checked(::open_tree(target.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE)));
    if (copy.get() == -ENOSYS) {
        const FdPath path(target.get());
        if (::mount(path.text, path.text, nullptr, MS_BIND | MS_REC, nullptr) != 0) return -errno;
        ScopedFd bound(open_in_root(state.root_fd, step.path, Create::nothing, true));
        return checked(::mount(nullptr, FdPath(bound.get()).text, nullptr,
                               MS_BIND | MS_REMOUNT | legacy_flags(hidden), nullptr));
    }
    if (copy.get() < 0) return copy.get();
    if (const errint e = set_attributes(copy.get(), MOUNT_ATTR_RDONLY, 0, AT_RECURSIVE); e < 0) return e;
    return move_onto(copy.get(), target.get());
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

errint loopback_up(const Step& step) noexcept {
    ScopedFd socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
    if (socket.get() < 0) return socket.get();
    struct ifreq request {};
    ::memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return -errno;
    if (step.source == nullptr) return 0;
    ::memcpy(request.ifr_name, "lo:1", 5); // an alias: the old interface's way to a second address
    auto* address = reinterpret_cast<struct sockaddr_in*>(&request.ifr_addr);
    address->sin_family = AF_INET;
    if (::inet_pton(AF_INET, step.source, &address->sin_addr) != 1) return -EINVAL;
    if (::ioctl(socket.get(), SIOCSIFADDR, &request) != 0) return -errno;
    address->sin_addr.s_addr = 0xffffffff;
    return checked(::ioctl(socket.get(), SIOCSIFNETMASK, &request));
}

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

errint readonly_root(const State& state) noexcept {
    const errint error = set_attributes(state.root_fd, MOUNT_ATTR_RDONLY, 0, 0);
    if (error != -ENOSYS) return error;
    return checked(::mount(nullptr, FdPath(state.root_fd).text, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV, nullptr));
}

errint bind_console(const Step& step, const ChildPlan& plan, State& state) noexcept {
    state.slave_fd = open_console(state.pts_fd, plan);
    if (state.slave_fd < 0) return state.slave_fd;
    if (::fchown(state.slave_fd, step.uid, static_cast<gid_t>(-1)) != 0) return -errno;
    ScopedFd target(open_in_root(state.root_fd, step.path, Create::file, false));
    if (target.get() < 0) return target.get();
    ScopedFd copy(checked(::open_tree(state.slave_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)));
    if (copy.get() == -ENOSYS)
        return checked(::mount(FdPath(state.slave_fd).text, FdPath(target.get()).text, nullptr, MS_BIND, nullptr));
    return copy.get() < 0 ? copy.get() : move_onto(copy.get(), target.get());
}

/// pivot_root(2), "pivot_root(".", ".")": the old root lies under the new one and is detached there.
errint pivot(const State& state) noexcept {
    ScopedFd old_root(checked(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (old_root.get() < 0) return old_root.get();
    if (::fchdir(state.root_fd) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return -errno;
    if (::fchdir(old_root.get()) != 0 || ::umount2(".", MNT_DETACH) != 0) return -errno;
    return checked(::chdir("/"));
}

} // namespace

errint run_step(const Step& step, const ChildPlan& plan, State& state) noexcept {
    switch (step.kind) {
    case StepKind::private_mounts: return checked(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
    case StepKind::reopen: return reopen(step);
    case StepKind::overlay_root:
    case StepKind::bind_root: return attach_root(step, state);
    case StepKind::mount_fs: return mount_fs(step, state);
    case StepKind::mount_bind: return mount_bind(step, state);
    case StepKind::tmpfs_over: return tmpfs_over(step, state);
    case StepKind::device: return bind_device(step, state);
    case StepKind::symlink: return add_symlink(step, state);
    case StepKind::directory: {
        ScopedFd made(open_in_root(state.root_fd, step.path, Create::directory, false));
        if (made.get() >= 0 && !is_directory(made.get())) return -ENOTDIR;
        return made.get() < 0 ? made.get() : 0;
    }
    case StepKind::console: return bind_console(step, plan, state);
    case StepKind::mask: return mask(step, state);
    case StepKind::readonly_path: return make_readonly(step, state);
    case StepKind::sysctl: return write_sysctl(step, state);
    case StepKind::loopback_up: return loopback_up(step);
    case StepKind::hostname: return checked(::sethostname(step.source, ::strlen(step.source)));
    case StepKind::readonly_root: return readonly_root(state);
    case StepKind::pivot: return pivot(state);
    }
    return -EINVAL;
}

} // namespace rootless::child
