// splice(2) and tee(2), see lib/pipe_move.h.
#include "lib/pipe_move.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <fcntl.h>
#include <poll.h>

#include <cerrno>

namespace lib {
namespace {

constexpr int wide_pipe = 256 << 10;

bool is_ready(const pollfd& fd) noexcept { return fd.revents != 0; }

Moved judge(int from, int to, ssize_t n) noexcept {
    if (n > 0) return {MoveOutcome::moved, static_cast<std::size_t>(n), 0};
    if (n == 0) return {MoveOutcome::ended, 0, 0};
    if (errno == EINTR) return {MoveOutcome::moved, 0, 0};
    if (errno == EPIPE) return {MoveOutcome::target_closed, 0, EPIPE};
    if (errno != EAGAIN) return {MoveOutcome::failed, 0, errno};
    pollfd fds[] = {{from, POLLIN, 0}, {to, POLLOUT, 0}};
    if (::poll(fds, 2, 0) < 0 || (is_ready(fds[0]) && is_ready(fds[1]))) return {MoveOutcome::moved, 0, 0}; // by now
    return {is_ready(fds[0]) ? MoveOutcome::target_full : MoveOutcome::source_empty, 0, 0};
}

} // namespace

StreamKind stream_kind(int fd) noexcept {
    struct stat found {};
    if (fd < 0 || ::fstat(fd, &found) != 0) return StreamKind::absent;
    if (S_ISFIFO(found.st_mode)) return StreamKind::pipe;
    if (S_ISREG(found.st_mode)) return StreamKind::file;
    const bool is_null = S_ISCHR(found.st_mode) && found.st_rdev == ::makedev(1, 3);
    return is_null ? StreamKind::file : StreamKind::other;
}

Moved try_splice(int from, int to, std::size_t most) noexcept {
    return judge(from, to, ::splice(from, nullptr, to, nullptr, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE));
}

Moved try_tee(int from, int to, std::size_t most) noexcept { return judge(from, to, ::tee(from, to, most, SPLICE_F_NONBLOCK)); }

void widen_pipe(int fd) noexcept {
    if (const int now = ::fcntl(fd, F_GETPIPE_SZ); now > 0 && now < wide_pipe) ::fcntl(fd, F_SETPIPE_SZ, wide_pipe);
}

} // namespace lib
