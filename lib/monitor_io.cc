// The monitor's loop, its watches and the container's output, see lib/monitor_io.h. The clients are in monitor_clients.cc.
#include "lib/monitor_io.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/monitor_tags.h"

#include <sys/epoll.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lib {
namespace {

/// What a terminal can hold between a dead process and us (the kernel's flip buffers and line discipline), rounded up.
constexpr std::size_t terminal_capacity = 128 << 10;
/// Rounds of pumping before the kernel is asked again what else happened.
constexpr int rounds_per_wait = 8;

void make_nonblocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw SysError{errno, "make a container's pipe non-blocking"};
}

std::size_t pipe_capacity(int fd) noexcept {
    const int size = ::fcntl(fd, F_GETPIPE_SZ);
    return size > 0 ? static_cast<std::size_t>(size) : terminal_capacity;
}

/// Ignores SIGPIPE for its lifetime: a container that closed its standard input is no reason to die.
class IgnorePipeSignal {
public:
    IgnorePipeSignal() noexcept {
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGPIPE, &ignore, &before_);
    }
    IgnorePipeSignal(const IgnorePipeSignal&) = delete;
    IgnorePipeSignal& operator=(const IgnorePipeSignal&) = delete;
    ~IgnorePipeSignal() { ::sigaction(SIGPIPE, &before_, nullptr); }

private:
    struct sigaction before_ {};
};

} // namespace

MonitorIo::MonitorIo(ContainerStdio stdio, LogWriter& log) : log_(log), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw SysError{errno, "make an epoll instance"};
    terminal_ = static_cast<bool>(stdio.terminal);
    if (terminal_) {
        add_source(std::move(stdio.terminal), FrameType::stdout_data, EPOLLIN | EPOLLOUT);
        return;
    }
    if (stdio.out) add_source(std::move(stdio.out), FrameType::stdout_data, EPOLLIN);
    if (stdio.err) add_source(std::move(stdio.err), FrameType::stderr_data, EPOLLIN);
    if (stdio.in) {
        make_nonblocking(stdio.in.get());
        add_to_epoll(stdio.in.get(), EPOLLOUT | EPOLLET, tag_of(TagKind::standard_input), "standard input");
        stdin_ = std::move(stdio.in);
    }
}

void MonitorIo::add_source(UniqueFd fd, FrameType type, std::uint32_t events) {
    make_nonblocking(fd.get());
    add_to_epoll(fd.get(), events | EPOLLET, tag_of(TagKind::source, source_count_), "output");
    sources_[source_count_].fd = std::move(fd);
    sources_[source_count_].type = type;
    ++source_count_;
}

bool MonitorIo::try_add_to_epoll(int fd, std::uint32_t events, std::uint64_t tag) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void MonitorIo::add_to_epoll(int fd, std::uint32_t events, std::uint64_t tag, const char* what) {
    if (!try_add_to_epoll(fd, events, tag)) throw SysError{errno, cat("watch a container's ", what)};
}

void MonitorIo::watch(int fd, std::uint32_t events, WatchCallback on_event) {
    const auto slot = std::find_if(watches_.begin(), watches_.end(), [](const Watch& w) { return w.fd < 0; });
    if (slot == watches_.end()) throw Error("a monitor watches ", max_watches, " descriptors at most");
    const auto index = static_cast<std::size_t>(slot - watches_.begin());
    add_to_epoll(fd, events, tag_of(TagKind::watch, index, slot->generation), "monitor descriptor");
    slot->fd = fd;
    slot->on_event = std::move(on_event);
}

void MonitorIo::unwatch(int fd) noexcept {
    for (Watch& watch : watches_) {
        if (watch.fd != fd) continue;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
        watch.fd = -1;
        watch.on_event = nullptr;
        ++watch.generation;
    }
}

void MonitorIo::finish(std::int32_t exit_code) noexcept {
    if (state_ != State::running) return;
    state_ = State::draining;
    exit_code_ = exit_code;
    for (Source& source : sources_) {
        if (!source.fd) continue;
        source.ready = true;
        source.drain_left = pipe_capacity(source.fd.get());
    }
}

void MonitorIo::run() noexcept {
    const IgnorePipeSignal ignore_pipe_signal;
    while (state_ != State::done) {
        bool moved = true;
        for (int round = 0; moved && round < rounds_per_wait; ++round) moved = pump();
        if (state_ != State::done) wait(moved ? 0 : -1);
    }
}

void MonitorIo::wait(int timeout_ms) noexcept {
    std::array<epoll_event, 32> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        dispatch(event.data.u64, event.events);
    }
}

/// Notes what may be tried. Only watches act here; a stale event of a source or client costs one EAGAIN.
void MonitorIo::dispatch(std::uint64_t tag, std::uint32_t events) noexcept {
    const std::size_t index = index_of(tag);
    const bool ended = (events & (EPOLLHUP | EPOLLERR)) != 0;
    switch (kind_of(tag)) {
    case TagKind::watch: call_watch(tag, events); break;
    case TagKind::listener: listener_ready_ = true; break;
    case TagKind::standard_input: stdin_writable_ = true; break;
    case TagKind::source:
        if (ended || (events & EPOLLIN) != 0) sources_[index].ready = true;
        if (ended || (events & EPOLLOUT) != 0) stdin_writable_ = true;
        break;
    case TagKind::client:
        if (ended || (events & (EPOLLIN | EPOLLRDHUP)) != 0) clients_[index].readable = true;
        if (ended || (events & EPOLLOUT) != 0) clients_[index].writable = true;
        if (ended) clients_[index].hung_up = true;
        break;
    }
}

void MonitorIo::call_watch(std::uint64_t tag, std::uint32_t events) noexcept {
    Watch& watch = watches_[index_of(tag)];
    const std::uint32_t generation = watch.generation;
    if (watch.fd < 0 || generation_of(tag) != generation) return;
    WatchCallback on_event = std::move(watch.on_event); // it may unwatch itself while it runs
    on_event(events);
    if (watch.generation == generation) watch.on_event = std::move(on_event);
}

/// One round of everything that may be tried now; false when nothing moved and the kernel has to say when to go on.
bool MonitorIo::pump() noexcept {
    if (listener_ready_) accept_clients();
    bool moved = false;
    for (Client& client : clients_) {
        if (client.fd) moved |= flush_client(client);
        if (client.fd) moved |= read_client(client);
    }
    moved |= pump_sources();
    return advance_state() || moved;
}

bool MonitorIo::pump_sources() noexcept {
    if (state_ != State::running && state_ != State::draining) return false;
    bool moved = false;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        Source& source = sources_[(turn_ + i) % sources_.size()];
        if (source.fd && source.ready && !in_flight()) moved |= read_source(source);
    }
    ++turn_;
    return moved;
}

bool MonitorIo::read_source(Source& source) noexcept {
    std::size_t room = max_payload;
    if (state_ == State::draining) room = std::min(room, source.drain_left);
    if (room == 0) return false;
    const ssize_t n = ::read(source.fd.get(), frame_.data() + frame_header_size, room);
    if (n < 0 && errno == EINTR) return true;
    // EIO: nobody has the terminal open now; somebody may open it again.
    if (n < 0 && (errno == EAGAIN || (terminal_ && errno == EIO))) {
        source.ready = false;
        return false;
    }
    if (n <= 0) {
        source.fd.reset();
        return false;
    }
    const auto size = static_cast<std::size_t>(n);
    if (state_ == State::draining) source.drain_left -= size;
    log_.append(source.type == FrameType::stderr_data ? LogStream::err : LogStream::out,
                std::span(frame_).subspan(frame_header_size, size));
    const FrameHeader header = encode_header(source.type, size);
    std::copy(header.begin(), header.end(), frame_.begin());
    offer_frame(frame_header_size + size);
    return true;
}

bool MonitorIo::drained() const noexcept {
    return std::all_of(sources_.begin(), sources_.end(),
                       [](const Source& source) { return !source.fd || !source.ready || source.drain_left == 0; });
}

/// Makes the first `size` bytes of frame_ what every client gets next.
void MonitorIo::offer_frame(std::size_t size) noexcept {
    frame_size_ = size;
    for (Client& client : clients_) {
        client.sent = 0;
        if (client.fd) flush_client(client);
    }
}

bool MonitorIo::in_flight() const noexcept {
    return std::any_of(clients_.begin(), clients_.end(),
                       [this](const Client& client) { return client.fd && client.sent < frame_size_; });
}

bool MonitorIo::advance_state() noexcept {
    if (in_flight()) return false;
    if (state_ == State::draining && drained()) {
        const ShortFrame frame = encode_exit_status(exit_code_);
        std::copy(frame.begin(), frame.end(), frame_.begin());
        state_ = State::telling;
        offer_frame(frame.size());
        return true;
    }
    if (state_ == State::telling) state_ = State::done;
    return false;
}

} // namespace lib
