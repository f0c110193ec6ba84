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
constexpr std::size_t most_spliced = 1 << 20;

/// Output of the process on its way to the caller.
struct OutputFlow {
    UniqueFd owned;
    int from = -1; ///< -1 at its end
    CallerSide::Output to; ///< fd -1: dropped
    bool splices = false;  ///< from pipe to pipe: the bytes are moved and never seen
    bool blocked = false;  ///< when it splices: `to` takes no more
    std::size_t left = no_limit;           ///< bytes that may still be read
    std::span<const std::byte> unwritten;  ///< part of buffer
    std::array<std::byte, 65536> buffer;

    bool wants_read() const noexcept { return from >= 0 && left > 0 && unwritten.empty() && !blocked; }
    bool waits_for_output() const noexcept { return !unwritten.empty() || blocked; }
    bool read();
    void limit_to_held() noexcept;

private:
    bool splice();
    void take(ssize_t size) noexcept;
};

/// One read; at the end of the pipe, or when nobody has the terminal open any more, `from` is -1. False when nobody takes
/// our output any more.
bool OutputFlow::read() {
    if (splices) return splice();
    take(::read(from, buffer.data(), std::min(buffer.size(), left)));
    return true;
}

bool OutputFlow::splice() {
    const Moved moved = try_splice(from, to.fd, std::min(left, most_spliced));
    blocked = moved.outcome == MoveOutcome::target_full;
    if (moved.outcome == MoveOutcome::moved && left != no_limit) left -= moved.size;
    if (moved.outcome == MoveOutcome::source_empty && left != no_limit) left = 0;
    if (moved.outcome == MoveOutcome::ended) from = -1;
    if (moved.outcome == MoveOutcome::failed && moved.error != EINVAL) throw SysError{moved.error, "pass the command's output on"};
    if (moved.outcome == MoveOutcome::failed) splices = false; // a kind of pipe that cannot
    return moved.outcome != MoveOutcome::target_closed;
}

void OutputFlow::take(ssize_t n) noexcept {
    if (n > 0) {
        if (to.fd >= 0) unwritten = std::span<const std::byte>(buffer).first(static_cast<std::size_t>(n));
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
    static bool flowing(const OutputFlow& flow) noexcept { return flow.wants_read() || flow.waits_for_output(); }
    bool pump_output(OutputFlow& flow, const pollfd& to);
    bool read_caller();
    void splice_input() noexcept;
    void close_input() noexcept;
    void write_input() noexcept;
    void resize() noexcept;
    void connect(OutputFlow& flow, std::size_t i);

    int pidfd_;
    CallerSide caller_;
    bool ended_ = false;
    bool terminal_;
    UniqueFd input_pipe_;
    int input_fd_ = -1; ///< the process's input: the pipe or the terminal
    bool splices_input_ = false;
    bool input_blocked_ = false; ///< when it splices: the process takes no more now
    std::span<const std::byte> unsent_;
    std::array<std::byte, 4096> input_;
    std::array<OutputFlow, 2> flows_;
};

void make_nonblocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw SysError{errno, "make a pipe non-blocking"};
}

/// Not inlined: g++ 14 (Debian 13) merges the stores of both flows and then warns of an overflow that is none.
[[gnu::noinline]] void DirectSession::connect(OutputFlow& flow, std::size_t i) {
    flow.to = caller_.output(i);
    flow.from = flow.owned.get();
    if (flow.from < 0) return;
    make_nonblocking(flow.from);
    flow.splices = !terminal_ && flow.to.kind == StreamKind::pipe;
    if (flow.splices) widen_pipe(flow.from);
}

DirectSession::DirectSession(ContainerStdio process, int pidfd, const SessionOptions& options)
    : pidfd_(pidfd), caller_(options), terminal_(process.terminal), input_pipe_(std::move(process.in)) {
    flows_[0].owned = terminal_ ? std::move(process.terminal) : std::move(process.out);
    flows_[1].owned = std::move(process.err);
    for (std::size_t i = 0; i < flows_.size(); ++i) connect(flows_[i], i);
    splices_input_ = input_pipe_ && (caller_.input_kind() == StreamKind::pipe || caller_.input_kind() == StreamKind::file);
    if (splices_input_) widen_pipe(input_pipe_.get());
    input_fd_ = terminal_ ? flows_[0].from : input_pipe_.get();
    if (input_pipe_) make_nonblocking(input_fd_);
    if (input_fd_ < 0) caller_.close_input();
}

SessionResult DirectSession::run() {
    while (!over()) {
        resize();
        for (OutputFlow& flow : flows_)
            if (ended_ && flow.wants_read() && !flow.read()) return {SessionEnd::output_closed, 0, 0};
        const auto to = [](const OutputFlow& flow) { return flow.waits_for_output() ? flow.to.fd : -1; };
        const auto from = [this](const OutputFlow& flow) { return flow.wants_read() && !ended_ ? flow.from : -1; };
        std::array<pollfd, 8> fds{{{caller_.signal_fd(), POLLIN, 0},
                                   {ended_ ? -1 : pidfd_, POLLIN, 0},
                                   {unsent_.empty() && !input_blocked_ && !ended_ ? caller_.input_fd() : -1, POLLIN, 0},
                                   {unsent_.empty() && !input_blocked_ ? -1 : input_fd_, POLLOUT, 0},
                                   {to(flows_[0]), POLLOUT, 0},
                                   {to(flows_[1]), POLLOUT, 0},
                                   {from(flows_[0]), POLLIN, 0},
                                   {from(flows_[1]), POLLIN, 0}}};
        if (over()) break;
        if (!ended_ || flows_[0].waits_for_output() || flows_[1].waits_for_output()) poll_all(fds);
        if (fds[0].revents != 0)
            if (const auto end = caller_.take_signals()) return *end;
        if (fds[3].revents != 0) write_input();
        if (fds[2].revents != 0 && splices_input_)
            splice_input();
        else if (fds[2].revents != 0 && read_caller())
            return {SessionEnd::detached, 0, 0};
        for (std::size_t i = 0; i < flows_.size(); ++i) {
            if (!pump_output(flows_[i], fds[4 + i])) return {SessionEnd::output_closed, 0, 0};
            if (fds[6 + i].revents != 0 && flows_[i].wants_read() && !flows_[i].read()) return {SessionEnd::output_closed, 0, 0};
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
    if (!flow.waits_for_output() || to.revents == 0) return true;
    if (flow.blocked) return flow.read();
    return write_piece(flow.to, flow.unwritten) == WriteOutcome::written;
}

/// True when the user detached.
bool DirectSession::read_caller() {
    const CallerSide::Input input = caller_.read_input(input_);
    unsent_ = std::span<const std::byte>(input_).first(input.size);
    if (input.size > 0) write_input();
    if (input.ended && !terminal_) close_input(); // half-close; a terminal has none
    return input.detach;
}

void DirectSession::close_input() noexcept {
    caller_.close_input();
    input_pipe_.reset();
    input_fd_ = -1;
    input_blocked_ = false;
}

void DirectSession::splice_input() noexcept {
    const Moved moved = try_splice(caller_.input_fd(), input_fd_, most_spliced);
    input_blocked_ = moved.outcome == MoveOutcome::target_full;
    if (moved.outcome == MoveOutcome::failed && moved.error == EINVAL)
        splices_input_ = false; // a file system that cannot
    else if (moved.outcome == MoveOutcome::ended || moved.outcome == MoveOutcome::target_closed || moved.outcome == MoveOutcome::failed)
        close_input();
}

void DirectSession::write_input() noexcept {
    if (std::exchange(input_blocked_, false)) return splice_input();
    const ssize_t n = ::write(input_fd_, unsent_.data(), unsent_.size());
    if (n >= 0) {
        unsent_ = unsent_.subspan(static_cast<std::size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) { // it reads no more
        unsent_ = {};
        close_input();
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
