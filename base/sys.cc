// The wrappers of base/sys.h.
#include "base/sys.h"

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sys {
namespace {

constexpr unsigned rename_noreplace = 1; // RENAME_NOREPLACE, linux/fs.h

/// Calls `f` again while it fails with EINTR.
template <class F>
auto retry(F f) {
    decltype(f()) r;
    do r = f();
    while (r < 0 && errno == EINTR);
    return r;
}

/// The numbers of all open descriptors, for kernels without close_range(2).
std::vector<int> open_descriptors() {
    DIR* dir = ::opendir("/proc/self/fd");
    if (dir == nullptr) throw SysError{errno, "open /proc/self/fd"};
    std::vector<int> fds;
    while (const struct dirent* entry = ::readdir(dir))
        if (const int fd = std::atoi(entry->d_name); entry->d_name[0] != '.' && fd != ::dirfd(dir)) fds.push_back(fd);
    ::closedir(dir);
    return fds;
}

/// One byte or what it is given, and room for one descriptor.
struct FdMessage {
    FdMessage() : FdMessage(&byte, 1) {}
    FdMessage(void* bytes, std::size_t size) : data{bytes, size} {
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
    }
    FdMessage(const FdMessage&) = delete;
    FdMessage& operator=(const FdMessage&) = delete;

    char byte = 0;
    struct iovec data;
    alignas(struct cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    struct msghdr header {};
};

} // namespace

UniqueFd open_at(int dir_fd, const std::string& path, int flags, mode_t mode) {
    const int fd = retry([&] { return ::openat(dir_fd, path.c_str(), flags | O_CLOEXEC, mode); });
    if (fd < 0) throw SysError{errno, cat("open ", path)};
    return UniqueFd(fd);
}

UniqueFd open(const std::string& path, int flags, mode_t mode) { return open_at(AT_FDCWD, path, flags, mode); }

std::optional<UniqueFd> try_open_at(int dir_fd, const std::string& path, int flags, mode_t mode) {
    const int fd = retry([&] { return ::openat(dir_fd, path.c_str(), flags | O_CLOEXEC, mode); });
    if (fd >= 0) return UniqueFd(fd);
    if (errno == ENOENT || errno == ENOTDIR || errno == ESRCH) return std::nullopt; // ESRCH: below the /proc/PID of a process that is just ending
    throw SysError{errno, cat("open ", path)};
}

std::optional<UniqueFd> try_open(const std::string& path, int flags, mode_t mode) {
    return try_open_at(AT_FDCWD, path, flags, mode);
}

Pipe pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw SysError{errno, "pipe"};
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

SocketPair socket_pair(int type) {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) != 0) throw SysError{errno, "socketpair"};
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

UniqueFd dup(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) throw SysError{errno, cat("duplicate descriptor ", fd)};
    return UniqueFd(copy);
}

void write_all(int fd, std::string_view bytes, std::string_view what) {
    while (!bytes.empty()) {
        const ssize_t n = retry([&] { return ::write(fd, bytes.data(), bytes.size()); });
        if (n < 0) throw SysError{errno, cat("write ", what)};
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::size_t read_some(int fd, std::span<std::byte> into, std::string_view what) {
    const ssize_t n = retry([&] { return ::read(fd, into.data(), into.size()); });
    if (n < 0) throw SysError{errno, cat("read ", what)};
    return static_cast<std::size_t>(n);
}

std::string read_to_end(int fd, std::size_t limit, std::string_view what) {
    std::string all;
    std::array<std::byte, 16384> buffer;
    while (const std::size_t n = read_some(fd, buffer, what)) {
        if (all.size() + n > limit) throw Error(what, ": larger than ", limit, " bytes");
        all.append(reinterpret_cast<const char*>(buffer.data()), n);
    }
    return all;
}

struct stat fstat(int fd, std::string_view what) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) throw SysError{errno, cat("stat ", what)};
    return st;
}

struct stat lstat_at(int dir_fd, const std::string& path) {
    struct stat st {};
    if (::fstatat(dir_fd, path.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) throw SysError{errno, cat("stat ", path)};
    return st;
}

std::optional<struct stat> find_stat_at(int dir_fd, const std::string& path) {
    struct stat st {};
    if (::fstatat(dir_fd, path.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) return st;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw SysError{errno, cat("stat ", path)};
}

void mkdir_at(int dir_fd, const std::string& path, mode_t mode) {
    if (::mkdirat(dir_fd, path.c_str(), mode) != 0) throw SysError{errno, cat("make directory ", path)};
}

void ensure_dir(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) throw SysError{errno, cat("make directory ", path)};
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos || slash == 0) throw SysError{ENOENT, cat("make directory ", path)};
    ensure_dir(path.substr(0, slash), mode);
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw SysError{errno, cat("make directory ", path)};
}

void rename_at(int from_dir, const std::string& from, int to_dir, const std::string& to) {
    if (::renameat(from_dir, from.c_str(), to_dir, to.c_str()) != 0)
        throw SysError{errno, cat("rename ", from, " to ", to)};
}

bool try_rename_noreplace(int from_dir, const std::string& from, int to_dir, const std::string& to) {
    if (::syscall(SYS_renameat2, from_dir, from.c_str(), to_dir, to.c_str(), rename_noreplace) == 0) return true;
    if (errno == EEXIST || errno == ENOTEMPTY) return false;
    throw SysError{errno, cat("rename ", from, " to ", to)};
}

bool try_symlink_at(const std::string& target, int dir_fd, const std::string& path) {
    if (::symlinkat(target.c_str(), dir_fd, path.c_str()) == 0) return true;
    if (errno == EEXIST) return false;
    throw SysError{errno, cat("make symbolic link ", path)};
}

void symlink_at(const std::string& target, int dir_fd, const std::string& path) {
    if (!try_symlink_at(target, dir_fd, path)) throw SysError{EEXIST, cat("make symbolic link ", path)};
}

std::optional<std::string> find_link_at(int dir_fd, const std::string& path) {
    std::array<char, 4096> target;
    const ssize_t n = ::readlinkat(dir_fd, path.c_str(), target.data(), target.size());
    if (n >= 0) return std::string(target.data(), static_cast<std::size_t>(n));
    if (errno == ENOENT || errno == EINVAL || errno == ENOTDIR) return std::nullopt;
    throw SysError{errno, cat("read link ", path)};
}

bool unlink_at(int dir_fd, const std::string& path, int flags) {
    if (::unlinkat(dir_fd, path.c_str(), flags) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw SysError{errno, cat("remove ", path)};
}

void fsync(int fd, std::string_view what) {
    if (::fsync(fd) != 0) throw SysError{errno, cat("sync ", what)};
}

std::optional<UniqueFd> pidfd_open(pid_t pid) {
    const long fd = ::syscall(SYS_pidfd_open, pid, 0); // sets O_CLOEXEC by itself
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if (errno == ESRCH) return std::nullopt;
    throw SysError{errno, cat("pidfd_open ", pid)};
}

bool pidfd_send_signal(int pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return true;
    if (errno == ESRCH) return false;
    throw SysError{errno, cat("send signal ", signal)};
}

int wait_child(pid_t pid) {
    int status = 0;
    if (retry([&] { return ::waitpid(pid, &status, 0); }) < 0) throw SysError{errno, cat("wait for process ", pid)};
    return status;
}

void kill_and_reap(pid_t child) noexcept {
    ::kill(child, SIGKILL);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
}

void send_fd(int socket, int fd, std::string_view what) { send_fd(socket, fd, std::string_view("", 1), what); }

void send_fd(int socket, int fd, std::string_view text, std::string_view what) {
    FdMessage message(const_cast<char*>(text.data()), text.size());
    struct cmsghdr* header = CMSG_FIRSTHDR(&message.header);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (retry([&] { return ::sendmsg(socket, &message.header, MSG_NOSIGNAL); }) != static_cast<ssize_t>(text.size()))
        throw SysError{errno, std::string(what)};
}

ReceivedFd receive_with_fd(int socket, std::span<std::byte> into, std::string_view what) {
    FdMessage message(into.data(), into.size());
    const ssize_t size = retry([&] { return ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC); });
    if (size < 0) throw SysError{errno, std::string(what)};
    ReceivedFd received{static_cast<std::size_t>(size), {}};
    const struct cmsghdr* header = CMSG_FIRSTHDR(&message.header);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return received;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    received.fd = UniqueFd(fd);
    return received;
}


UniqueFd receive_fd(int socket) {
    std::byte byte{};
    try {
        return receive_with_fd(socket, {&byte, 1}, "receive a descriptor").fd;
    } catch (const SysError&) {
        return {};
    }
}

std::int64_t realtime_ns() {
    struct timespec now {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string random_hex(std::size_t count) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    while (hex.size() < 2 * count) {
        std::array<unsigned char, 32> bytes;
        const ssize_t n = retry([&] { return ::getrandom(bytes.data(), bytes.size(), 0); });
        if (n < 0) throw SysError{errno, "getrandom"};
        for (std::size_t i = 0; i < static_cast<std::size_t>(n) && hex.size() < 2 * count; ++i) {
            hex += digits[bytes[i] >> 4];
            hex += digits[bytes[i] & 15];
        }
    }
    return hex;
}

void sleep_for(std::chrono::milliseconds time) {
    const struct timespec pause {static_cast<time_t>(time.count() / 1000), static_cast<long>(time.count() % 1000) * 1'000'000};
    ::nanosleep(&pause, nullptr);
}

bool wait_readable(int fd, std::chrono::milliseconds timeout) {
    struct pollfd p {fd, POLLIN, 0};
    const int n = retry([&] { return ::poll(&p, 1, static_cast<int>(timeout.count())); });
    if (n < 0) throw SysError{errno, "poll"};
    return n > 0;
}

void cloexec_from(int first) {
    if (::syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
    for (const int fd : open_descriptors()) // before 5.11: one by one
        if (fd >= first) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void close_all_but(std::vector<int> keep) {
    std::sort(keep.begin(), keep.end());
    unsigned first = 3;
    const auto close_range = [](unsigned from, unsigned to) {
        if (from > to || ::syscall(SYS_close_range, from, to, 0) == 0) return;
        for (const int fd : open_descriptors()) // before 5.9: one by one
            if (static_cast<unsigned>(fd) >= from && static_cast<unsigned>(fd) <= to) UniqueFd(fd).reset();
    };
    for (const int fd : keep) {
        if (fd < static_cast<int>(first)) continue;
        close_range(first, static_cast<unsigned>(fd) - 1);
        first = static_cast<unsigned>(fd) + 1;
    }
    close_range(first, ~0U);
}

void leave_session() {
    const UniqueFd null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd)
        if (::dup2(null.get(), fd) < 0) throw SysError{errno, "redirect to /dev/null"};
    ::setsid();
    if (::chdir("/") != 0) throw SysError{errno, "change to /"};
    ::umask(0077);
}

} // namespace sys
