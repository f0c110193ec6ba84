// The caller's end of a session, see lib/caller_side.h.
#include "lib/caller_side.h"

#include "base/error.h"

#include <sys/uio.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lib {

CallerSide::CallerSide(const SessionOptions& options)
    : options_(options), detach_keys_(options.detach_keys),
      outputs_{{{options.stdout_fd, stream_kind(options.stdout_fd)}, {options.stderr_fd, stream_kind(options.stderr_fd)}}},
      input_kind_(stream_kind(options.stdin_fd)), input_open_(options.stdin_fd >= 0), resized_(options.terminal) {
    if (options.terminal && options.stdin_fd >= 0 && ::isatty(options.stdin_fd) == 1) raw_.emplace(options.stdin_fd);
}

std::optional<SessionResult> CallerSide::take_signals() {
    while (const auto signal = signals_.take()) {
        if (*signal == SIGCONT || *signal == SIGWINCH) {
            if (*signal == SIGCONT && raw_) raw_->reapply();
            resized_ = options_.terminal;
        } else if (options_.forward_signal) {
            options_.forward_signal(*signal);
        } else if (is_ending_signal(*signal)) {
            return SessionResult{SessionEnd::signalled, 0, *signal};
        }
    }
    return std::nullopt;
}

std::optional<WindowSize> CallerSide::take_resize() noexcept {
    if (!resized_) return std::nullopt;
    resized_ = false;
    const auto size = options_.stdin_fd >= 0 ? find_window_size(options_.stdin_fd) : std::nullopt;
    return size || options_.stdout_fd < 0 ? size : find_window_size(options_.stdout_fd);
}

CallerSide::Input CallerSide::read_input(std::span<std::byte> into) {
    std::array<std::byte, 4096> typed;
    const std::size_t room = std::min(typed.size(), into.size() - DetachKeys::most); // for keys held back
    const ssize_t n = ::read(options_.stdin_fd, typed.data(), room);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (n <= 0) { // EIO of a terminal that is gone, EBADF of a closed stdin: there is no more
        input_open_ = false;
        return {0, true, false};
    }
    const auto bytes = std::span<const std::byte>(typed).first(static_cast<std::size_t>(n));
    if (raw_) {
        const DetachKeys::Result result = detach_keys_.filter(bytes, into);
        return {result.size, false, result.detach};
    }
    std::copy(bytes.begin(), bytes.end(), into.begin());
    return {bytes.size(), false, false};
}

namespace {

/// As much as goes in without waiting. A pipe says how much that is (since 6.4); anything else that was called writable
/// surely takes PIPE_BUF.
ssize_t write_some(const CallerSide::Output& output, std::span<const std::byte> bytes) noexcept {
    if (output.kind == StreamKind::file) return ::write(output.fd, bytes.data(), bytes.size());
    if (output.kind == StreamKind::pipe) {
        const iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};
        const ssize_t n = ::pwritev2(output.fd, &vector, 1, -1, RWF_NOWAIT);
        if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)) return n;
    }
    return ::write(output.fd, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
}

} // namespace

WriteOutcome write_piece(const CallerSide::Output& output, std::span<const std::byte>& left) {
    const ssize_t n = write_some(output, left);
    if (n >= 0) {
        left = left.subspan(static_cast<std::size_t>(n));
        return WriteOutcome::written;
    }
    if (errno == EINTR || errno == EAGAIN) return WriteOutcome::written;
    if (errno == EPIPE || errno == EIO || errno == EBADF) return WriteOutcome::closed;
    throw SysError{errno, "write the container's output"};
}

void poll_all(std::span<pollfd> fds) {
    if (::poll(fds.data(), fds.size(), -1) >= 0) return;
    if (errno != EINTR) throw SysError{errno, "wait for the container's output"};
    for (pollfd& fd : fds) fd.revents = 0;
}

} // namespace lib
