// The session without a monitor, see lib/direct_session.h.
#include "lib/direct_session.h"

#include "base/error.h"
#include "lib/caller_side.h"

#include <sys/ioctl.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace lib {
namespace {

/// What a terminal can hold between a dead process and us, rounded up.
constexpr std::size_t terminal_capacity = 128 << 10;
constexpr std::size_t no_limit = static_cast<std::size_t>(-1);

/// Output of the process on its way to the caller.
struct OutputFlow {
    UniqueFd owned;
    int from = -1; ///< -1 at its end
    int to = -1; ///< -1: dropped
    std::size_t left = no_limit;           ///< bytes that may still be read
    std::span<const std::byte> unwritten;  ///< part of buffer
    std::array<std::byte, 16384> buffer;

    bool wants_read() const noexcept { return from >= 0 && left > 0 && unwritten.empty(); }
    void read() noexcept;
    void limit_to_held() noexcept;
};

/// One read; at the end of the pipe, or when nobody has the terminal open any more, `from` is -1.
void OutputFlow::read() noexcept {
    const ssize_t n = ::read(from, buffer.data(), std::min(buffer.size(), left));
    if (n > 0) {
        if (to >= 0) unwritten = std::span<const std::byte>(buffer).first(static_cast<std::size_t>(n));
        if (left != no_limit) left -= static_cast<std::size_t>(n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        from = -1;
    } else if (errno == EAGAIN && left != no_limit) {
        left = 0; // what the ended process left was all read
    }
}

/// From now on only what the pipe or terminal can hold already: its descendants are not waited for.
void OutputFlow::limit_to_held() noexcept {
    const int size = from < 0 ? 0 : ::fcntl(from, F_GETPIPE_SZ);
    left = size >= 0 ? static_cast<std::size_t>(size) : terminal_capacity;
}

class DirectSession {
public:
    DirectSession(ContainerStdio process, int pidfd, const SessionOptions& options);
    SessionResult run();

private:
    bool over() const noexcept { return ended_ && !flowing(flows_[0]) && !flowing(flows_[1]); }
    static bool flowing(const OutputFlow& flow) noexcept { return flow.wants_read() || !flow.unwritten.empty(); }
    bool pump_output(OutputFlow& flow, const pollfd& to);
    bool read_caller();
    void write_input() noexcept;
    void resize() noexcept;

    int pidfd_;
    CallerSide caller_;
    bool ended_ = false;
    bool terminal_;
    UniqueFd input_pipe_;
    int input_fd_ = -1; ///< the process's input: the pipe or the terminal
    std::span<const std::byte> unsent_;
    std::array<std::byte, 4096> input_;
    std::array<OutputFlow, 2> flows_;
};

void make_nonblocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw SysError{errno, "make a pipe non-blocking"};
}

DirectSession::DirectSession(ContainerStdio process, int pidfd, const SessionOptions& options)
    : pidfd_(pidfd), caller_(options), terminal_(process.terminal), input_pipe_(std::move(process.in)) {
    flows_[0].owned = terminal_ ? std::move(process.terminal) : std::move(process.out);
    flows_[1].owned = std::move(process.err);
    flows_[0].to = caller_.stdout_fd();
    flows_[1].to = caller_.stderr_fd();
    for (OutputFlow& flow : flows_) {
        flow.from = flow.owned.get();
        if (flow.from >= 0) make_nonblocking(flow.from);
    }
    input_fd_ = terminal_ ? flows_[0].from : input_pipe_.get();
    if (input_pipe_) make_nonblocking(input_fd_);
    if (input_fd_ < 0) caller_.close_input();
}

SessionResult DirectSession::run() {
    while (!over()) {
        resize();
        for (OutputFlow& flow : flows_)
            if (ended_ && flow.wants_read()) flow.read();
        const auto to = [](const OutputFlow& flow) { return flow.unwritten.empty() ? -1 : flow.to; };
        const auto from = [this](const OutputFlow& flow) { return flow.wants_read() && !ended_ ? flow.from : -1; };
        std::array<pollfd, 8> fds{{{caller_.signal_fd(), POLLIN, 0},
                                   {ended_ ? -1 : pidfd_, POLLIN, 0},
                                   {unsent_.empty() && !ended_ ? caller_.input_fd() : -1, POLLIN, 0},
                                   {unsent_.empty() ? -1 : input_fd_, POLLOUT, 0},
                                   {to(flows_[0]), POLLOUT, 0},
                                   {to(flows_[1]), POLLOUT, 0},
                                   {from(flows_[0]), POLLIN, 0},
                                   {from(flows_[1]), POLLIN, 0}}};
        if (over()) break;
        if (!ended_ || !flows_[0].unwritten.empty() || !flows_[1].unwritten.empty()) poll_all(fds);
        if (fds[0].revents != 0)
            if (const auto end = caller_.take_signals()) return *end;
        if (fds[3].revents != 0) write_input();
        if (fds[2].revents != 0 && read_caller()) return {SessionEnd::detached, 0, 0};
        for (std::size_t i = 0; i < flows_.size(); ++i) {
            if (!pump_output(flows_[i], fds[4 + i])) return {SessionEnd::output_closed, 0, 0};
            if (fds[6 + i].revents != 0 && flows_[i].wants_read()) flows_[i].read();
        }
        if (fds[1].revents != 0) {
            ended_ = true;
            for (OutputFlow& flow : flows_) flow.limit_to_held();
        }
    }
    return {SessionEnd::exited, 0, 0};
}

/// False when nobody takes our output any more.
bool DirectSession::pump_output(OutputFlow& flow, const pollfd& to) {
    if (flow.unwritten.empty() || to.revents == 0) return true;
    return write_piece(flow.to, flow.unwritten) == WriteOutcome::written;
}

/// True when the user detached.
bool DirectSession::read_caller() {
    const CallerSide::Input input = caller_.read_input(input_);
    unsent_ = std::span<const std::byte>(input_).first(input.size);
    if (input.size > 0) write_input();
    if (input.ended && !terminal_) { // half-close; a terminal has none
        input_pipe_.reset();
        input_fd_ = -1;
    }
    return input.detach;
}

void DirectSession::write_input() noexcept {
    const ssize_t n = ::write(input_fd_, unsent_.data(), unsent_.size());
    if (n >= 0) {
        unsent_ = unsent_.subspan(static_cast<std::size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) { // it reads no more
        unsent_ = {};
        caller_.close_input();
        input_pipe_.reset();
        input_fd_ = -1;
    }
}

void DirectSession::resize() noexcept {
    const auto size = caller_.take_resize();
    if (!size || !terminal_) return;
    winsize window{};
    window.ws_row = size->rows;
    window.ws_col = size->columns;
    ::ioctl(flows_[0].owned.get(), TIOCSWINSZ, &window); // fails when the process is gone, which the loop sees
}

} // namespace

SessionResult run_direct_session(ContainerStdio process, int process_pidfd, const SessionOptions& options) {
    return std::make_unique<DirectSession>(std::move(process), process_pidfd, options)->run();
}

} // namespace lib
