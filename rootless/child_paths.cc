// Zone C: resolving a path inside the container's root.
//
// openat2(2) with RESOLVE_IN_ROOT does it in one call (kernel 5.6). The walk below serves older kernels and makes what is
// missing: it opens one component at a time with O_NOFOLLOW relative to a descriptor, reads links itself, and so can
// neither be led out of the root nor be raced: a component exchanged under it is an error or another file of the root.
#include "rootless/child_internal.h"

#include <linux/openat2.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace rootless::child {
namespace {

constexpr int max_links = 40;         // as the kernel's MAXSYMLINKS
constexpr int max_eagain = 128;       // openat2 answers EAGAIN when a rename raced with ".."
constexpr std::size_t path_size = 4096; // PATH_MAX

errint try_openat2(int root, const char* path, bool fixed) noexcept {
    struct open_how how {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (fixed ? std::uint64_t{RESOLVE_NO_SYMLINKS} : 0);
    for (int i = 0; i < max_eagain; ++i) {
        const errint fd = checked(::syscall(SYS_openat2, root, path, &how, sizeof how));
        if (fd != -EAGAIN) return fd;
    }
    return -EAGAIN;
}

/// Opens a path of real directories, no link among them.
errint open_plain(int root, const char* path) noexcept {
    ScopedFd at(checked(::openat(root, ".", O_PATH | O_CLOEXEC)));
    char name[256];
    while (*path != '\0' && at.get() >= 0) {
        const std::size_t length = ::strcspn(path, "/");
        if (length >= sizeof name) return -ENAMETOOLONG;
        ::memcpy(name, path, length);
        name[length] = '\0';
        path += length;
        while (*path == '/') ++path;
        if (length != 0) at.reset(checked(::openat(at.get(), name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC)));
    }
    return at.release();
}

/// The walk's state: where it is, and what is left to do.
struct Walk {
    int root;
    ScopedFd at;
    char done[path_size];
    char remaining[path_size];
    char name[256];
    int links = 0;
};

/// Moves the next component of `remaining` into `name`; false when there is none.
bool next_name(Walk& w, errint& error) noexcept {
    const char* p = w.remaining;
    while (*p == '/') ++p;
    const std::size_t length = ::strcspn(p, "/");
    if (length == 0) return false;
    if (length >= sizeof w.name) {
        error = -ENAMETOOLONG;
        return false;
    }
    ::memcpy(w.name, p, length);
    w.name[length] = '\0';
    p += length;
    ::memmove(w.remaining, p, ::strlen(p) + 1);
    return true;
}

/// Whether nothing follows; a trailing slash does, and asks for a directory.
bool is_last(const Walk& w) noexcept { return w.remaining[0] == '\0'; }

errint go_up(Walk& w) noexcept {
    char* slash = ::strrchr(w.done, '/');
    if (slash != nullptr) *slash = '\0';
    else w.done[0] = '\0';
    w.at.reset(open_plain(w.root, w.done));
    return w.at.get() < 0 ? w.at.get() : 0;
}

/// Replaces a link by its target in front of what is left, which is nothing or starts with a slash.
errint follow(Walk& w, int link_fd) noexcept {
    char target[path_size];
    const ssize_t n = ::readlinkat(link_fd, "", target, sizeof target - 1);
    if (n < 0) return -errno;
    const std::size_t length = static_cast<std::size_t>(n);
    const std::size_t rest = ::strlen(w.remaining);
    if (++w.links > max_links) return -ELOOP;
    if (length + rest >= sizeof w.remaining) return -ENAMETOOLONG;
    ::memmove(w.remaining + length, w.remaining, rest + 1);
    ::memcpy(w.remaining, target, length);
    if (target[0] != '/') return 0;
    w.done[0] = '\0';
    w.at.reset(checked(::openat(w.root, ".", O_PATH | O_CLOEXEC)));
    return w.at.get() < 0 ? w.at.get() : 0;
}

errint make(const Walk& w, Create create) noexcept {
    if (create == Create::nothing) return -ENOENT;
    errint made;
    if (create == Create::file && is_last(w)) {
        made = checked(::openat(w.at.get(), w.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
        if (made >= 0) ScopedFd close_it(made);
    } else {
        made = checked(::mkdirat(w.at.get(), w.name, 0755));
    }
    return made < 0 && made != -EEXIST ? made : 0;
}

errint enter(Walk& w, ScopedFd& fd, mode_t mode) noexcept {
    if (!is_last(w) && !S_ISDIR(mode)) return -ENOTDIR; // also before ".", ".." and a trailing slash
    const std::size_t used = ::strlen(w.done), length = ::strlen(w.name);
    if (used + length + 2 > sizeof w.done) return -ENAMETOOLONG;
    if (used != 0) w.done[used] = '/';
    ::memcpy(w.done + used + (used != 0), w.name, length + 1);
    w.at.reset(fd.release());
    return 0;
}

/// One component: made if need be, entered, or followed.
errint advance(Walk& w, Create create, bool fixed) noexcept {
    for (int tries = 0; tries < max_eagain; ++tries) {
        ScopedFd fd(checked(::openat(w.at.get(), w.name, O_PATH | O_NOFOLLOW | O_CLOEXEC)));
        if (fd.get() == -ENOENT) {
            if (const errint error = make(w, create); error < 0) return error;
            continue;
        }
        if (fd.get() < 0) return fd.get();
        struct stat st {};
        if (::fstat(fd.get(), &st) != 0) return -errno;
        if (!S_ISLNK(st.st_mode)) return enter(w, fd, st.st_mode);
        return fixed ? -ELOOP : follow(w, fd.get());
    }
    return -EAGAIN; // somebody makes and removes it as fast as we look
}

} // namespace

errint walk_in_root(int root, const char* path, Create create, bool fixed) noexcept {
    if (path[0] == '\0') return -ENOENT;
    if (::strlen(path) >= path_size) return -ENAMETOOLONG;
    Walk w{root, ScopedFd(checked(::openat(root, ".", O_PATH | O_CLOEXEC))), {}, {}, {}, 0};
    if (w.at.get() < 0) return w.at.get();
    ::memcpy(w.remaining, path, ::strlen(path) + 1);
    errint error = 0;
    while (error >= 0 && next_name(w, error)) {
        if (::strcmp(w.name, ".") == 0) continue;
        error = ::strcmp(w.name, "..") == 0 ? go_up(w) : advance(w, create, fixed);
    }
    return error < 0 ? error : w.at.release();
}

errint open_in_root(int root, const char* path, Create create, bool fixed) noexcept {
    const errint fd = try_openat2(root, path, fixed);
    const bool missing = fd == -ENOENT && create != Create::nothing;
    return missing || fd == -ENOSYS || fd == -EPERM ? walk_in_root(root, path, create, fixed) : fd;
}

errint write_process_file(pid_t pid, const char* name, const char* text) noexcept {
    char path[64];
    ::snprintf(path, sizeof path, "/proc/%d/%s", static_cast<int>(pid), name);
    ScopedFd file(checked(::open(path, O_WRONLY | O_CLOEXEC)));
    if (file.get() < 0) return file.get();
    const errint n = checked(::write(file.get(), text, ::strlen(text)));
    return n < 0 ? n : 0;
}

std::uint32_t mount_namespace_number() noexcept {
    struct stat st {};
    return ::stat("/proc/self/ns/mnt", &st) == 0 ? static_cast<std::uint32_t>(st.st_ino) : 0;
}

errint send_fd(int socket, int fd, const void* data, std::size_t size) noexcept {
    struct iovec part {const_cast<void*>(data), size};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    struct msghdr message {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    ::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return -errno;
    return 0;
}

} // namespace rootless::child
