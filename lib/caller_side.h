// The caller's end of a session, whatever the container's end is: signals, raw mode, what is typed, what is printed.
// Private to attach_client.cc and direct_session.cc.
#pragma once

#include "lib/pipe_move.h"
#include "lib/session.h"
#include "lib/terminal.h"

#include <poll.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace lib {

class CallerSide {
public:
    /// Raw mode from here to the destructor, where it is asked for and stdin is a terminal. `options` must outlive this.
    explicit CallerSide(const SessionOptions& options);

    int signal_fd() const noexcept { return signals_.fd(); }
    /// Acts on the signals that came; the ending that one of them means, if any.
    std::optional<SessionResult> take_signals();

    /// The window size when it may have changed since the last call; nullopt without a terminal.
    std::optional<WindowSize> take_resize() noexcept;

    /// stdin's descriptor while there may be more of it, else -1 (which poll(2) skips).
    int input_fd() const noexcept { return input_open_ ? options_.stdin_fd : -1; }
    struct Input {
        std::size_t size = 0; ///< bytes in `into`
        bool ended = false;   ///< end of file; input_fd() is -1 from now on
        bool detach = false;
    };
    /// Reads what is typed. To be called when input_fd() is readable; `into` holds more than
    /// DetachKeys::most bytes.
    Input read_input(std::span<std::byte> into);
    void close_input() noexcept { input_open_ = false; }

    /// Where one of the two outputs (0: standard output, 1: standard error) goes; fd -1: nowhere.
    struct Output {
        int fd = -1;
        StreamKind kind = StreamKind::absent;
    };
    const Output& output(std::size_t index) const noexcept { return outputs_[index]; }
    StreamKind input_kind() const noexcept { return input_kind_; }

private:
    const SessionOptions& options_;
    SignalRoute signals_; ///< outlives raw_: no signal may fall between
    std::optional<RawMode> raw_;
    DetachKeys detach_keys_; ///< with what was typed of them so far
    std::array<Output, 2> outputs_;
    StreamKind input_kind_;
    bool input_open_;
    bool resized_;
};

enum class WriteOutcome { written, closed };

/// Writes a piece of `left` to an output that poll(2) called writable and shortens `left`. The descriptor is shared
/// with the caller's shell and may block, so a piece is no larger than what goes in at once. Throws SysError for a full
/// disk and the like.
WriteOutcome write_piece(const CallerSide::Output& output, std::span<const std::byte>& left);

/// poll(2), with an interrupted call as one where nothing happened. Throws SysError.
void poll_all(std::span<pollfd> fds);

} // namespace lib
