// One thin throwing wrapper per system call the control plane uses: `SysError` on failure, EINTR retried where that is
// right, CLOEXEC always. A raw call elsewhere is a smell, except in zone C code (rootless/child.cc and friends).
#pragma once

#include "base/error.h"
#include "base/unique_fd.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sys {

/// openat(2) with O_CLOEXEC added. Throws SysError naming `path`.
UniqueFd open_at(int dir_fd, const std::string& path, int flags, mode_t mode = 0);
UniqueFd open(const std::string& path, int flags, mode_t mode = 0);
/// As open, but a missing file is no error.
std::optional<UniqueFd> try_open(const std::string& path, int flags, mode_t mode = 0);
std::optional<UniqueFd> try_open_at(int dir_fd, const std::string& path, int flags, mode_t mode = 0);

Pipe pipe();                    ///< pipe2(O_CLOEXEC)
SocketPair socket_pair(int type); ///< AF_UNIX, SOCK_CLOEXEC added to `type` (SOCK_STREAM, SOCK_SEQPACKET)
UniqueFd dup(int fd);           ///< F_DUPFD_CLOEXEC, the lowest number from 3

/// Writes all of `bytes`, whatever the number of calls; blocks on a blocking descriptor.
void write_all(int fd, std::string_view bytes, std::string_view what);
/// read(2), EINTR retried; 0 at the end. `what` names the source in an error.
std::size_t read_some(int fd, std::span<std::byte> into, std::string_view what);
/// Everything up to the end; an Error above `limit` bytes.
std::string read_to_end(int fd, std::size_t limit, std::string_view what);

struct stat fstat(int fd, std::string_view what);
struct stat lstat_at(int dir_fd, const std::string& path);
/// lstat, with a missing name as nullopt.
std::optional<struct stat> find_stat_at(int dir_fd, const std::string& path);

void mkdir_at(int dir_fd, const std::string& path, mode_t mode);
/// mkdir of every missing part; no error where it is there already.
void ensure_dir(const std::string& path, mode_t mode);
void rename_at(int from_dir, const std::string& from, int to_dir, const std::string& to);
/// renameat2(RENAME_NOREPLACE): false when `to` exists already.
[[nodiscard]] bool try_rename_noreplace(int from_dir, const std::string& from, int to_dir, const std::string& to);
void symlink_at(const std::string& target, int dir_fd, const std::string& path);
/// false when the name exists already.
[[nodiscard]] bool try_symlink_at(const std::string& target, int dir_fd, const std::string& path);
/// The target of a symbolic link, nullopt when there is no such link.
std::optional<std::string> find_link_at(int dir_fd, const std::string& path);
/// unlinkat; false when there was nothing. `flags`: 0 or AT_REMOVEDIR.
bool unlink_at(int dir_fd, const std::string& path, int flags = 0);
void fsync(int fd, std::string_view what);

/// pidfd_open(2), kernel 5.3; nullopt when the process is gone.
std::optional<UniqueFd> pidfd_open(pid_t pid);
/// pidfd_send_signal(2); false when the process is gone.
bool pidfd_send_signal(int pidfd, int signal);
/// waitpid for one child, EINTR retried: the wait status.
int wait_child(pid_t pid);
/// For undoing: SIGKILL to a child of ours, which is gone afterwards.
void kill_and_reap(pid_t child) noexcept;

/// One descriptor over a Unix socket (SCM_RIGHTS). Throws SysError naming `what`.
void send_fd(int socket, int fd, std::string_view what);
/// With more than a byte beside it.
void send_fd(int socket, int fd, std::string_view text, std::string_view what);
/// What a socket has next, at most as much as there is room, and the descriptor that came with it. Throws SysError.
struct ReceivedFd {
    std::size_t size = 0; ///< 0: the end
    UniqueFd fd;
};
ReceivedFd receive_with_fd(int socket, std::span<std::byte> into, std::string_view what);
/// The same in the other direction, close-on-exec; empty when the other end sent something else, or went.
UniqueFd receive_fd(int socket);

/// The system's time as nanoseconds since the epoch (CLOCK_REALTIME).
std::int64_t realtime_ns();
/// `count` bytes of getrandom(2), as lower-case hexadecimal (2 × count characters).
std::string random_hex(std::size_t count);

/// nanosleep(2), cut short by a signal.
void sleep_for(std::chrono::milliseconds time);

/// poll(2) on one descriptor for reading; false on time-out.
bool wait_readable(int fd, std::chrono::milliseconds timeout);

/// Marks every descriptor from `first` on close-on-exec (close_range(2), CLOSE_RANGE_CLOEXEC, kernel 5.11), else one by one.
void cloexec_from(int first);

/// Closes every descriptor from 3 on but those in `keep`: what a long-lived fork does first, or it would keep its parent's
/// locks, pipes and sockets (close-on-exec does not help who never execs).
void close_all_but(std::vector<int> keep);

/// The rest of what a fork does that outlives its command: /dev/null as standard streams, a session of its own, / as the
/// directory, files for us alone. After close_all_but().
void leave_session();

} // namespace sys
