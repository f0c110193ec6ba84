// Zone C: the steps that put a container's root file system together.
//
// Everything is mounted by descriptor: a file system is made detached (fsopen, open_tree), gets its attributes, and is then
// moved onto a target that open_in_root has found inside the new root (move_mount with both paths empty, kernel 5.6). No
// path of the image is ever walked as a string, so neither a symbolic link in it nor a process racing in a shared volume
// can lead a mount out of the root (security.md rows A and B). Attaching is the last call of the new way, so that a kernel
// without one of them (ENOSYS) has changed nothing yet and can get the old way as a whole: mount(2) on /proc/self/fd/N of
// the same checked target (child_legacy.cc). That branch goes when no supported kernel is older than 5.12.
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

constexpr decltype(statfs::f_type) fuse_super_magic = 0x65735546; // linux/fs/fuse/inode.c; in no header of Debian 12

/// mount(2) does this on every kernel.
errint set_propagation(int mount_fd, std::uint64_t propagation) noexcept {
    if (propagation == 0) return 0;
    return checked(::mount(nullptr, FdPath(mount_fd).text, nullptr, propagation, nullptr));
}

/// What the step's path leads to now that something was mounted on `target`, which still means what lies below.
errint find_mounted(const Step& step, const State& state, int target) noexcept {
    ScopedFd mounted(find_target(step, state, Create::nothing));
    struct stat above {}, below {};
    if (mounted.get() < 0) return mounted.get();
    if (::fstat(mounted.get(), &above) != 0 || ::fstat(target, &below) != 0) return -errno;
    if (above.st_dev == below.st_dev && above.st_ino == below.st_ino) return -ESTALE; // the path was exchanged meanwhile
    return mounted.release();
}

errint attach_copy_legacy(const Step& step, const State& state, int source, int target, std::uint64_t attributes,
                          unsigned recursive) noexcept {
    if (const errint e = legacy::bind(source, target, recursive); e < 0) return e;
    ScopedFd mounted(find_target(step, state, Create::nothing));
    struct stat wanted {}, found {};
    if (mounted.get() < 0) return mounted.get();
    if (::fstat(source, &wanted) != 0 || ::fstat(mounted.get(), &found) != 0) return -errno;
    if (wanted.st_dev != found.st_dev || wanted.st_ino != found.st_ino) return -ESTALE;
    const errint error = legacy::add_attributes(mounted.get(), attributes | step.top_attributes);
    return error < 0 ? error : mounted.release();
}

/// Remembers what later steps need of a file system just attached.
void keep_handle(const Step& step, int fd, State& state) noexcept {
    if (::strcmp(step.path, "/dev/pts") == 0 && ::strcmp(step.source, "devpts") == 0) state.pts_fd = fd;
    else if (::strcmp(step.path, "/proc") == 0) state.proc_fd = fd; // of its own, or the host's, bound
    else ScopedFd close_it(fd);
}

errint mount_fs(const Step& step, State& state) noexcept {
    ScopedFd target(find_target(step, state, Create::directory));
    if (target.get() < 0) return target.get();
    if (!is_directory(target.get())) return -ENOTDIR;
    ScopedFd mounted(attach_fs(step, state, step.source, step.options, step.attributes, target.get()));
    if (mounted.get() < 0) return mounted.get();
    if (const errint e = set_propagation(mounted.get(), step.propagation); e < 0) return e;
    keep_handle(step, mounted.release(), state);
    return 0;
}

/// What is behind `source`, or the part of it that the step means.
errint open_part(const Step& step, int source) noexcept {
    return step.subpath != nullptr ? open_in_root(source, step.subpath, Create::nothing, false) : checked(::fcntl(source, F_DUPFD_CLOEXEC, 0));
}

/// Shows it on the step's path, which is made if it is missing.
errint attach_part(const Step& step, State& state, int source) noexcept {
    ScopedFd part(open_part(step, source));
    if (part.get() < 0) return part.get();
    const bool directory = is_directory(part.get());
    ScopedFd target(find_target(step, state, directory ? Create::directory : Create::file));
    if (target.get() < 0) return target.get();
    if (is_directory(target.get()) != directory) return directory ? -ENOTDIR : -EISDIR;
    ScopedFd mounted(attach_copy(step, state, part.get(), target.get(), step.attributes, step.recursive ? AT_RECURSIVE : 0));
    if (mounted.get() < 0) return mounted.get();
    if (const errint e = set_propagation(mounted.get(), step.propagation); e < 0) return e;
    keep_handle(step, mounted.release(), state);
    return 0;
}

/// Puts it, detached, under a number that the parent has kept free.
errint grab_part(const Step& step, int source) noexcept {
    ScopedFd part(open_part(step, source));
    if (part.get() < 0) return part.get();
    const unsigned recursive = step.recursive ? AT_RECURSIVE : 0;
    ScopedFd tree(checked(::open_tree(part.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive)));
    if (tree.get() < 0) return tree.get();
    const errint fd = checked(::dup3(tree.get(), step.fd, O_CLOEXEC));
    return fd < 0 ? fd : 0;
}

errint mount_bind(const Step& step, State& state) noexcept {
    ScopedFd source(checked(::open(step.source, O_PATH | O_CLOEXEC)));
    if (source.get() < 0) return source.get();
    struct stat st {};
    if (::fstat(source.get(), &st) != 0) return -errno;
    const bool any = step.device == 0 && step.inode == 0;
    if (!any && (st.st_dev != step.device || st.st_ino != step.inode)) return -ESTALE; // not what the parent looked at
    // With a number of its own it is taken along for a process that may not walk the path any more.
    return step.fd >= 0 ? grab_part(step, source.get()) : attach_part(step, state, source.get());
}

/// An overlay of directories of the host. mount(2) must attach it somewhere before it can be shown in the container: on its
/// own lower directory, for as long as that takes, where no name of the image is involved.
errint mount_overlay(const Step& step, State& state) noexcept {
    const errint mounted = step.socket >= 0 ? attach_fuse(step.lower, step.attributes, step.socket)
                                            : checked(::mount("overlay", step.lower, "overlay", legacy::flags(step.attributes), step.source));
    if (mounted < 0) return mounted;
    ScopedFd whole(checked(::open(step.lower, O_PATH | O_DIRECTORY | O_CLOEXEC)));
    struct statfs fs {};
    errint error = whole.get();
    if (error >= 0) error = checked(::fstatfs(whole.get(), &fs));
    const decltype(fs.f_type) wanted = step.socket >= 0 ? fuse_super_magic : OVERLAYFS_SUPER_MAGIC;
    if (error >= 0 && fs.f_type != wanted) error = -ESTALE;
    if (error >= 0) error = step.fd >= 0 ? grab_part(step, whole.get()) : attach_part(step, state, whole.get());
    const errint gone = checked(::umount2(step.lower, MNT_DETACH | UMOUNT_NOFOLLOW));
    return error < 0 ? error : gone;
}


errint mount_tree(const Step& step, State& state) noexcept {
    const bool directory = is_directory(step.fd);
    ScopedFd target(find_target(step, state, directory ? Create::directory : Create::file));
    if (target.get() < 0) return target.get();
    if (is_directory(target.get()) != directory) return directory ? -ENOTDIR : -EISDIR;
    errint error = set_attributes(step.fd, step.attributes, AT_RECURSIVE);
    if (error >= 0) error = set_attributes(step.fd, step.top_attributes, 0);
    if (error >= 0) error = move_onto(step.fd, target.get());
    if (error >= 0) error = set_propagation(step.fd, step.propagation);
    if (error < 0) return error;
    const errint kept = checked(::fcntl(step.fd, F_DUPFD_CLOEXEC, 3));
    if (kept >= 0) keep_handle(step, kept, state);
    return kept < 0 ? kept : 0;
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

/// The id that an option `key` asks for, else `image`.
std::uint32_t wanted_id(const FsOption* options, const char* key, std::uint32_t image) noexcept {
    for (const FsOption* o = options; o != nullptr && o->key != nullptr; ++o) {
        if (::strcmp(o->key, key) != 0 || o->value == nullptr) continue;
        std::uint32_t id = 0;
        for (const char* c = o->value; *c >= '0' && *c <= '9'; ++c) id = id * 10 + static_cast<std::uint32_t>(*c - '0');
        return id;
    }
    return image;
}

/// The tmpfs itself gets the content. `lower`: the image's directory, which the tmpfs covers.
errint fill_tmpfs(const Step& step, int store, int lower, const struct stat& st) noexcept {
    ::unlinkat(store, "work/work", AT_REMOVEDIR); // the kernel's, where it came that far
    if (::unlinkat(store, "upper", AT_REMOVEDIR) != 0 || ::unlinkat(store, "work", AT_REMOVEDIR) != 0) return -errno;
    if (const errint e = copy_tree(lower, store); e < 0) return e;
    if (::fchownat(store, ".", wanted_id(step.options, "uid", st.st_uid), wanted_id(step.options, "gid", st.st_gid), 0) != 0) return -errno;
    if (::fchmodat(store, ".", wanted_mode(step.options, st.st_mode), 0) != 0) return -errno;
    return (step.attributes & MOUNT_ATTR_RDONLY) != 0 ? set_attributes(store, MOUNT_ATTR_RDONLY, 0) : 0;
}

/// A tmpfs whose first content is what the image has at the path: an overlay of the two, so nothing is copied. Only where the
/// kernel has no overlay for us (ENODEV, EPERM), or not another one over these (EINVAL), it is.
errint tmpfs_over(const Step& step, State& state) noexcept {
    ScopedFd target(find_target(step, state, Create::directory));
    if (target.get() < 0) return target.get();
    if (!is_directory(target.get())) return -ENOTDIR;
    if (is_empty(target.get())) return mount_fs(step, state);
    struct stat st {};
    if (::fstat(target.get(), &st) != 0) return -errno;
    // The tmpfs must be attached to be named in the overlay's options; it is covered by the overlay right after.
    ScopedFd store(attach_fs(step, state, "tmpfs", step.options, step.attributes & ~std::uint64_t{MOUNT_ATTR_RDONLY}, target.get()));
    if (store.get() < 0) return store.get();
    if (::mkdirat(store.get(), "upper", 0700) != 0 || ::mkdirat(store.get(), "work", 0700) != 0) return -errno;
    if (::fchmodat(store.get(), "upper", wanted_mode(step.options, st.st_mode), 0) != 0) return -errno;
    const uid_t uid = wanted_id(step.options, "uid", st.st_uid);
    const gid_t gid = wanted_id(step.options, "gid", st.st_gid);
    if (::fchownat(store.get(), "upper", uid, gid, 0) != 0) return -errno;
    char data[256];
    ::snprintf(data, sizeof data, "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work,userxattr",
               target.get(), store.get(), store.get());
    const errint laid = checked(::mount("overlay", FdPath(store.get()).text, "overlay", legacy::flags(step.attributes), data));
    return laid < 0 ? fill_tmpfs(step, store.get(), target.get(), st) : laid;
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

/// Whether a file ends with a text.
bool ends_with(int file, off_t size, const char* text) noexcept {
    const auto length = static_cast<off_t>(::strlen(text));
    char part[256];
    for (off_t done = 0; done < length;) {
        const off_t left = length - done, room = sizeof part;
        const ssize_t n = size < length ? -1 : ::pread(file, part, static_cast<std::size_t>(left < room ? left : room), size - length + done);
        if (n <= 0 || ::memcmp(part, text + done, static_cast<std::size_t>(n)) != 0) return false;
        done += n;
    }
    return true;
}

/// Once, although an earlier start may have come this far and no further.
errint append_file(const Step& step, const State& state) noexcept {
    ScopedFd node(open_in_root(state.root_fd, step.path, Create::file, false));
    if (node.get() < 0) return node.get();
    struct stat st {};
    if (::fstat(node.get(), &st) != 0) return -errno;
    if (!S_ISREG(st.st_mode)) return -EINVAL;
    ScopedFd file(checked(::open(FdPath(node.get()).text, O_RDWR | O_APPEND | O_CLOEXEC)));
    if (file.get() < 0) return file.get();
    if (ends_with(file.get(), st.st_size, step.source)) return 0;
    const errint n = checked(::write(file.get(), step.source, ::strlen(step.source)));
    return n < 0 ? n : 0;
}

} // namespace

errint attach_fs(const Step& step, const State& state, const char* type, const FsOption* options, std::uint64_t attributes,
                 int target) noexcept {
    ScopedFd mounted(new_fs(type, options, attributes));
    errint error = mounted.get() < 0 ? mounted.get() : move_onto(mounted.get(), target);
    if (error != -ENOSYS) return error < 0 ? error : mounted.release();
    error = legacy::mount_fs(type, options, attributes, target);
    return error < 0 ? error : find_mounted(step, state, target);
}

bool is_directory(int fd) noexcept {
    struct stat st {};
    return ::fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

errint find_target(const Step& step, const State& state, Create create) noexcept {
    return open_in_root(state.root_fd, step.path, create, step.fixed_path);
}

errint attach_copy(const Step& step, const State& state, int source, int target, std::uint64_t attributes,
                   unsigned recursive) noexcept {
    ScopedFd copy(checked(::open_tree(source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive)));
    errint error = copy.get();
    if (error >= 0) error = set_attributes(copy.get(), attributes, recursive);
    if (error >= 0) error = set_attributes(copy.get(), step.top_attributes, 0);
    if (error >= 0) error = move_onto(copy.get(), target);
    if (error == -ENOSYS) return attach_copy_legacy(step, state, source, target, attributes, recursive);
    return error < 0 ? error : copy.release();
}

errint move_onto(int mount_fd, int target_fd) noexcept {
    return checked(::move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

errint set_attributes(int mount_fd, std::uint64_t attributes, unsigned flags) noexcept {
    struct mount_attr attr {};
    attr.attr_set = attributes;
    if (attributes & MOUNT_ATTR__ATIME) attr.attr_clr = MOUNT_ATTR__ATIME; // one choice of several, not a flag
    if (attributes == 0) return 0;
    return checked(::mount_setattr(mount_fd, "", AT_EMPTY_PATH | flags, &attr, sizeof attr));
}

errint new_fs(const char* type, const FsOption* options, std::uint64_t attributes) noexcept {
    ScopedFd context(checked(::fsopen(type, FSOPEN_CLOEXEC)));
    if (context.get() < 0) return context.get();
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, "source", type, 0) != 0) return -errno; // else mounts(5) says "none"
    for (const FsOption* o = options; o != nullptr && o->key != nullptr; ++o) {
        const unsigned command = o->value != nullptr ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
        if (::fsconfig(context.get(), command, o->key, o->value, 0) != 0) return -errno;
    }
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return -errno;
    return checked(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
}

errint run_step(const Step& step, const ChildPlan& plan, State& state) noexcept {
    switch (step.kind) {
    case StepKind::private_mounts: return checked(::mount(nullptr, "/", nullptr, step.propagation, nullptr));
    case StepKind::reopen: return reopen(step);
    case StepKind::overlay_root:
    case StepKind::bind_root: return attach_root(step, state);
    case StepKind::fuse_root: return attach_fuse_root(step, state);
    case StepKind::fuse_lower: return attach_fuse_lower(step);
    case StepKind::mount_fs: return mount_fs(step, state);
    case StepKind::mount_bind: return mount_bind(step, state);
    case StepKind::overlay: return mount_overlay(step, state);
    case StepKind::tmpfs_over: return tmpfs_over(step, state);
    case StepKind::device: return bind_device(step, state);
    case StepKind::node: return make_node(step, state);
    case StepKind::grab_tree: return mount_bind(step, state);
    case StepKind::mount_tree: return mount_tree(step, state);
    case StepKind::adopt_root: return adopt_root(state);
    case StepKind::own: return checked(::fchownat(step.fd, step.source, step.uid, step.gid, AT_SYMLINK_NOFOLLOW));
    case StepKind::symlink: return add_symlink(step, state);
    case StepKind::link_copy: return copy_link(step, state);
    case StepKind::directory: {
        ScopedFd made(open_in_root(state.root_fd, step.path, Create::directory, false));
        if (made.get() >= 0 && !is_directory(made.get())) return -ENOTDIR;
        return made.get() < 0 ? made.get() : 0;
    }
    case StepKind::append_file: return append_file(step, state);
    case StepKind::console: return bind_console(step, plan, state);
    case StepKind::mask: return mask(step, state);
    case StepKind::readonly_path: return make_readonly(step, state);
    case StepKind::sysctl: return write_sysctl(step, state);
    case StepKind::call: return -step.function(step.argument);
    case StepKind::loopback_up: return loopback_up(step);
    case StepKind::hostname: return checked(::sethostname(step.source, ::strlen(step.source)));
    case StepKind::domainname: return checked(::syscall(SYS_setdomainname, step.source, ::strlen(step.source)));
    case StepKind::pause: return pause(plan);
    case StepKind::readonly_root: return readonly_root(state);
    case StepKind::change_mount: return change_mount(step, state);
    case StepKind::pivot: return pivot(state);
    case StepKind::move_root: return move_root(state);
    case StepKind::root_propagation: return checked(::mount(nullptr, "/", nullptr, step.propagation, nullptr));
    }
    return -EINVAL;
}

} // namespace rootless::child
