// The attach client, see lib/attach_client.h.
#include "lib/attach_client.h"

#include "base/error.h"
#include "lib/attach_protocol.h"
#include "lib/caller_side.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace lib {
namespace {

constexpr std::size_t most_spliced = 1 << 20;

/// What the monitor found out about an output of ours.
SessionResult output_lost(int error) {
    if (error == EPIPE || error == EIO || error == EBADF) return {SessionEnd::output_closed, 0, 0};
    throw SysError{error, "write the container's output"};
}

/// One attached session. Each direction has one buffer; nothing is read while its bytes are not passed on.
class Attachment {
public:
    Attachment(int socket, const SessionOptions& options, UniqueFd inlet)
        : socket_(socket), caller_(options), inlet_(std::move(inlet)) {
        const bool can_splice = caller_.input_kind() == StreamKind::pipe || caller_.input_kind() == StreamKind::file;
        if (!can_splice) inlet_.reset();
    }
    SessionResult run();

private:
    std::optional<SessionResult> take_frames();
    std::optional<SessionResult> receive();
    std::optional<SessionResult> read_caller();
    void splice_input();
    bool splices() const noexcept { return inlet_ && caller_.input_fd() >= 0; }
    void gather_frame();
    void send_frame();

    int socket_;
    CallerSide caller_;
    bool sending_ = true;    ///< false once the monitor takes no more
    bool eof_wanted_ = false; ///< stdin ended and the monitor has not been told
    std::size_t received_ = 0;
    std::size_t frame_size_ = 0;             ///< of the frame at the front of in_ while unwritten_ is part of it
    std::span<const std::byte> unwritten_;   ///< output that the caller has not taken
    CallerSide::Output output_;              ///< where it goes
    UniqueFd inlet_;                         ///< the container's input, while ours is spliced to it
    bool inlet_full_ = false;
    std::span<const std::byte> unsent_;      ///< part of out_
    std::array<std::byte, max_frame> in_;
    std::array<std::byte, max_client_frame> out_;
};

SessionResult Attachment::run() {
    for (;;) {
        if (const auto end = take_frames()) return *end;
        gather_frame();
        const bool output_waits = !unwritten_.empty();
        const auto socket_events = static_cast<short>((output_waits ? 0 : POLLIN) | (unsent_.empty() ? 0 : POLLOUT));
        const bool takes_input = unsent_.empty() && !eof_wanted_ && !(splices() && inlet_full_);
        std::array<pollfd, 5> fds{{{caller_.signal_fd(), POLLIN, 0},
                                   {socket_events == 0 ? -1 : socket_, socket_events, 0},
                                   {output_waits ? output_.fd : -1, POLLOUT, 0},
                                   {takes_input ? caller_.input_fd() : -1, POLLIN, 0},
                                   {splices() && inlet_full_ ? inlet_.get() : -1, POLLOUT, 0}}};
        poll_all(fds);
        if (fds[0].revents != 0)
            if (const auto end = caller_.take_signals()) return *end;
        if (fds[2].revents != 0 && write_piece(output_, unwritten_) == WriteOutcome::closed)
            return {SessionEnd::output_closed, 0, 0};
        if (!output_waits && (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            if (const auto end = receive()) return *end;
        if (splices() && (fds[3].revents != 0 || fds[4].revents != 0))
            splice_input();
        else if (fds[3].revents != 0)
            if (const auto end = read_caller()) return *end;
        send_frame();
    }
}

/// Looks at the frames received until one has output to be written, or the exit status.
std::optional<SessionResult> Attachment::take_frames() {
    while (unwritten_.empty()) {
        std::copy(in_.begin() + static_cast<std::ptrdiff_t>(frame_size_), in_.begin() + static_cast<std::ptrdiff_t>(received_), in_.begin());
        received_ -= frame_size_;
        frame_size_ = 0;
        const DecodedFrame decoded = decode_frame(std::span<const std::byte>(in_).first(received_), FrameSender::monitor);
        if (decoded.outcome == FrameOutcome::malformed) throw Error("the container's monitor sent a frame that makes no sense");
        if (decoded.outcome == FrameOutcome::incomplete) return std::nullopt;
        if (decoded.frame.type == FrameType::exit_status)
            return SessionResult{SessionEnd::exited, decode_exit_status(decoded.frame), 0};
        if (decoded.frame.type == FrameType::output_lost) return output_lost(decode_output_lost(decoded.frame));
        frame_size_ = decoded.size;
        output_ = caller_.output(decoded.frame.type == FrameType::stderr_data ? 1 : 0);
        if (output_.fd >= 0) unwritten_ = decoded.frame.payload;
    }
    return std::nullopt;
}

std::optional<SessionResult> Attachment::receive() {
    const ssize_t n = ::recv(socket_, in_.data() + received_, in_.size() - received_, MSG_DONTWAIT);
    if (n > 0)
        received_ += static_cast<std::size_t>(n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        return SessionResult{SessionEnd::disconnected, 0, 0};
    return std::nullopt;
}

std::optional<SessionResult> Attachment::read_caller() {
    const auto payload = std::span(out_).subspan(frame_header_size);
    const CallerSide::Input input = caller_.read_input(payload);
    eof_wanted_ = eof_wanted_ || input.ended;
    if (input.size > 0) {
        const FrameHeader header = encode_header(FrameType::stdin_data, input.size);
        std::copy(header.begin(), header.end(), out_.begin());
        unsent_ = std::span<const std::byte>(out_).first(frame_header_size + input.size);
    }
    if (!input.detach) return std::nullopt;
    send_frame(); // what was typed before the detach keys
    return SessionResult{SessionEnd::detached, 0, 0};
}

/// Straight from the caller's pipe or file into the container's. When that one has no reader any more, the monitor gets what
/// is left: after a restart there is a reader again.
void Attachment::splice_input() {
    const Moved moved = try_splice(caller_.input_fd(), inlet_.get(), most_spliced);
    inlet_full_ = moved.outcome == MoveOutcome::target_full;
    if (moved.outcome == MoveOutcome::ended) {
        caller_.close_input();
        eof_wanted_ = true;
    }
    if (moved.outcome == MoveOutcome::ended || moved.outcome == MoveOutcome::target_closed || moved.outcome == MoveOutcome::failed)
        inlet_.reset();
}

/// Makes the next frame that is not input, when nothing else is being sent.
void Attachment::gather_frame() {
    if (!unsent_.empty() || !sending_) return;
    std::size_t size = 0;
    if (const auto window = caller_.take_resize()) {
        const ShortFrame frame = encode_resize(*window);
        size = frame.size();
        std::copy(frame.begin(), frame.end(), out_.begin());
    } else if (std::exchange(eof_wanted_, false)) {
        const FrameHeader header = encode_header(FrameType::stdin_eof, 0);
        size = header.size();
        std::copy(header.begin(), header.end(), out_.begin());
    }
    unsent_ = std::span<const std::byte>(out_).first(size);
}

void Attachment::send_frame() {
    if (unsent_.empty()) return;
    const ssize_t n = ::send(socket_, unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
        unsent_ = unsent_.subspan(static_cast<std::size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) { // the monitor is going; its last frames may still be to be read
        sending_ = false;
        unsent_ = {};
        caller_.close_input();
    }
}

} // namespace

SessionResult attach(int monitor_fd, const SessionOptions& options, UniqueFd inlet) {
    return std::make_unique<Attachment>(monitor_fd, options, std::move(inlet))->run();
}

} // namespace lib
