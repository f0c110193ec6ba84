// Zone C: a small tree of the image copied into a tmpfs, for tmpcopyup where the kernel cannot lay one over the other.
//
// Directories, files and symbolic links, with owners, modes and times; hard links become files of their own, and sockets, devices
// and extended attributes stay behind. One level of directories is one frame with a buffer on the stack.
#include "rootless/child_internal.h"

#include <dirent.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

namespace rootless::child {
namespace {

constexpr int deepest = 64; // levels; 64 frames of 2 KiB fit on any stack

errint take_metadata(int fd, const struct stat& st) noexcept {
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    if (::fchown(fd, st.st_uid, st.st_gid) != 0 || ::fchmod(fd, st.st_mode & 07777) != 0) return -errno;
    return checked(::futimens(fd, times));
}

errint copy_file(int from_dir, int to_dir, const char* name, const struct stat& st) noexcept {
    ScopedFd from(checked(::openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)));
    if (from.get() < 0) return from.get();
    ScopedFd to(checked(::openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)));
    if (to.get() < 0) return to.get();
    for (;;) {
        const ssize_t n = ::sendfile(to.get(), from.get(), nullptr, 1 << 30);
        if (n < 0) return -errno;
        if (n == 0) return take_metadata(to.get(), st);
    }
}

errint copy_link(int from_dir, int to_dir, const char* name, const struct stat& st) noexcept {
    char target[4096];
    const ssize_t length = ::readlinkat(from_dir, name, target, sizeof target - 1);
    if (length < 0) return -errno;
    target[length] = '\0';
    if (::symlinkat(target, to_dir, name) != 0) return -errno;
    return checked(::fchownat(to_dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW));
}

errint copy_level(int from, int to, int depth) noexcept;

errint copy_entry(int from_dir, int to_dir, const char* name, int depth) noexcept {
    struct stat st {};
    if (::fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
    if (S_ISREG(st.st_mode)) return copy_file(from_dir, to_dir, name, st);
    if (S_ISLNK(st.st_mode)) return copy_link(from_dir, to_dir, name, st);
    if (!S_ISDIR(st.st_mode)) return 0;
    if (depth == deepest) return -ELOOP;
    if (::mkdirat(to_dir, name, 0700) != 0) return -errno;
    ScopedFd from(checked(::openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
    ScopedFd to(checked(::openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
    if (from.get() < 0 || to.get() < 0) return from.get() < 0 ? from.get() : to.get();
    const errint error = copy_level(from.get(), to.get(), depth + 1);
    return error < 0 ? error : take_metadata(to.get(), st);
}

errint copy_level(int from, int to, int depth) noexcept {
    alignas(8) char buffer[2048];
    for (;;) {
        const long size = ::syscall(SYS_getdents64, from, buffer, sizeof buffer);
        if (size <= 0) return checked(size);
        for (long at = 0; at < size;) {
            const auto* entry = reinterpret_cast<const struct dirent64*>(buffer + at); // what getdents64(2) fills in
            at += entry->d_reclen;
            if (::strcmp(entry->d_name, ".") == 0 || ::strcmp(entry->d_name, "..") == 0) continue;
            if (const errint e = copy_entry(from, to, entry->d_name, depth); e < 0) return e;
        }
    }
}

} // namespace

errint copy_tree(int from, int to) noexcept {
    ScopedFd readable(checked(::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    return readable.get() < 0 ? readable.get() : copy_level(readable.get(), to, 0);
}

} // namespace rootless::child
