// The monitor's event loop: the container's output to its log and to the attach clients, the clients' input to the
// container, and whatever descriptors the monitor wants to be told about.
//
// Theory of operation. One epoll set, one thread, fixed buffers: memory does not depend on what anybody sends. The
// container's descriptors and the clients are registered once, edge-triggered; flags remember what may be tried.
// Output goes through one shared frame: it is read from the container, appended to the log, then offered to every
// client, and nothing more is read until every client took all of it. So a slow or stopped client slows the container
// (as a terminal would), a client that is gone is dropped and slows nobody, and without clients only the log counts.
// Input is read from a client only when the container took the last piece.
//
// A client whose outputs are pipes or files hands them over (Outlets). What the container prints then goes there without
// a frame and without the client: a pipe gets the container's own pages (tee, or splice where nobody else wants them). The
// client's socket says when it is gone, and its outlets are closed with it.
//
// States: running -> draining (finish() was called: what the pipes hold now is still delivered, but nobody waits for
// descendants that keep a pipe open) -> telling (the exit status is on its way to the clients) -> done, run() returns.
// A container that is to be started again takes another way: running -> draining (pause()) -> between (the clients stay,
// what they send is dropped) -> running again with resume(), or finish() when nothing comes of it.
#pragma once

#include "base/unique_fd.h"
#include "lib/attach_protocol.h"
#include "lib/container_stdio.h"
#include "lib/output_log.h"
#include "lib/pipe_move.h"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace lib {

class MonitorIo {
public:
    static constexpr std::size_t max_clients = 16; ///< further ones are turned away
    static constexpr std::size_t max_watches = 16;
    /// A client's own standard output and standard error, where it hands them over: pipes and files only.
    using Outlets = std::array<UniqueFd, 2>;

    /// `log` must outlive this; null: nothing is kept. Makes our ends non-blocking. Throws SysError.
    MonitorIo(ContainerStdio stdio, OutputLog* log);
    MonitorIo(const MonitorIo&) = delete;
    MonitorIo& operator=(const MonitorIo&) = delete;

    /// Accepts attach clients of our own user (SO_PEERCRED) from a listening unix stream socket. Throws SysError.
    void listen_on(UniqueFd listener);
    /// Takes one end of a stream socket whose other end is a client already. Throws SysError or Error (no room).
    void add_client(UniqueFd client, Outlets outlets = {});

    /// Called once, when output could not be written to the log; must not throw.
    void on_log_error(std::function<void(int error)> callback) { on_log_error_ = std::move(callback); }

    /// Runs in the loop with the epoll events that came; must not throw.
    using WatchCallback = std::function<void(std::uint32_t events)>;
    /// Watches a borrowed descriptor, level-triggered, for `events` (EPOLLIN for signalfd, pidfd and timerfd, EPOLLPRI
    /// for cgroup.events). May be called from a callback. Throws SysError or Error (no room).
    void watch(int fd, std::uint32_t events, WatchCallback on_event);
    /// Ends a watch; before the descriptor is closed. May be called from the callback itself.
    void unwatch(int fd) noexcept;

    /// The container's first process has ended: deliver what is left, tell the clients, let run() return. To be called
    /// from a callback or before run(), once. A client that does not read delays the return (and nothing else), so
    /// the exit record is written before this call.
    void finish(std::int32_t exit_code) noexcept;
    /// What the clients read on their standard error between the last output and the end, at most max_payload bytes.
    void say_at_end(std::string words) noexcept { last_words_ = std::move(words); }
    /// As finish(), but the container will run again: the clients stay and are told nothing. `when_dry` is called once all
    /// output is delivered; from then on resume() may be called. finish() instead is possible at any time.
    void pause(std::function<void()> when_dry) noexcept;
    /// The streams of the next run. Throws SysError.
    void resume(ContainerStdio stdio);
    /// Lets run() return as soon as possible, delivering nothing more.
    void stop() noexcept { state_ = State::done; }

    enum class RunEnd {
        done,    ///< finish() or stop() had its effect
        stalled, ///< finish() was called, and for a second no client has taken anything; run() goes on where it was
    };
    RunEnd run() noexcept;

    std::size_t client_count() const noexcept;

private:
    enum class State : std::uint8_t { running, draining, between, telling, done };

    /// What a client's input allows next.
    enum class Input : std::uint8_t { wanted, blocked, dropped };

    struct Outlet {
        UniqueFd fd;
        StreamKind kind = StreamKind::absent;
        bool ready = true;
        std::size_t owner = 0; ///< the client whose it is
    };
    /// A read end of the container's; a terminal's is written to as well.
    struct Source {
        UniqueFd fd;
        FrameType type = FrameType::stdout_data;
        bool ready = true;
        std::size_t drain_left = 0; ///< bytes that may still be read when draining
        Outlet outlet;
    };
    struct Client {
        UniqueFd fd;
        bool readable = true;
        bool writable = true;
        bool hung_up = false;
        std::size_t sent = 0; ///< bytes of frame_
        std::size_t input_size = 0;
        std::size_t input_done = 0; ///< payload bytes of the first frame in `input` that the container has
        std::array<std::byte, max_client_frame> input;
    };
    struct Watch {
        int fd = -1;
        std::uint32_t generation = 0; ///< tells a stale event from one of a new watch in the same slot
        WatchCallback on_event;
    };

    void set_streams(ContainerStdio stdio);
    void add_source(UniqueFd fd, FrameType type, std::uint32_t events);
    void begin_draining() noexcept;
    bool try_add_to_epoll(int fd, std::uint32_t events, std::uint64_t tag) noexcept;
    void add_to_epoll(int fd, std::uint32_t events, std::uint64_t tag, const char* what);
    [[nodiscard]] bool wait(int timeout_ms) noexcept;
    bool may_stall() const noexcept;
    void dispatch(std::uint64_t tag, std::uint32_t events) noexcept;
    void call_watch(std::uint64_t tag, std::uint32_t events) noexcept;
    bool pump() noexcept;
    bool advance_state() noexcept;

    bool pump_sources() noexcept;
    bool read_source(Source& source) noexcept;
    bool splice_source(Source& source, std::size_t room) noexcept;
    bool take_output(Source& source, std::size_t size) noexcept;
    bool note_move(Source& source, const Moved& moved) noexcept;
    bool is_wanted_elsewhere(const Source& source) const noexcept;
    void lose_outlet(Source& source, int error) noexcept;
    void close_outlet(Source& source) noexcept;
    bool drained() const noexcept;
    void offer_frame(std::size_t size) noexcept;
    bool in_flight() const noexcept;

    void accept_clients() noexcept;
    bool try_adopt(UniqueFd& client, Outlets outlets = {}) noexcept;
    void take_outlets(std::size_t owner, Outlets outlets) noexcept;
    void drop(Client& client) noexcept;
    bool flush_client(Client& client) noexcept;
    bool read_client(Client& client) noexcept;
    Input take_frames(Client& client) noexcept;
    std::size_t feed_stdin(std::span<const std::byte> bytes) noexcept;

    OutputLog* log_; ///< null: none
    std::function<void(int)> on_log_error_;
    UniqueFd epoll_;
    UniqueFd listener_;
    UniqueFd stdin_;        ///< a pipe; a terminal's input goes to its source
    bool terminal_ = false; ///< sources_[0] is a pty master
    bool stdin_writable_ = true;
    bool stdin_ended_ = false; ///< a client said so; the next run has none either
    bool listener_ready_ = false;
    State state_ = State::running;
    std::function<void()> when_dry_; ///< set: draining leads to `between`
    std::int32_t exit_code_ = 0;
    std::string last_words_;
    std::size_t source_count_ = 0;
    std::size_t turn_ = 0; ///< which source is tried first
    std::array<Source, 2> sources_;
    std::array<Client, max_clients> clients_;
    std::array<Watch, max_watches> watches_;
    std::size_t frame_size_ = 0;
    std::array<std::byte, max_frame> frame_; ///< what is being sent to every client
};

} // namespace lib
