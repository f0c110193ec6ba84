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
#include <cstring>
#include <utility>

namespace lib {
namespace {

/// What a terminal can hold between a dead process and us (the kernel's flip buffers and line discipline), rounded up.
constexpr std::size_t terminal_capacity = 128 << 10;
/// Rounds of pumping before the kernel is asked again what else happened.
constexpr int rounds_per_wait = 8;
/// How long clients may take nothing before run() says so.
constexpr int stall_ms = 1000;
/// Bytes of one splice: more than any pipe holds that we have not widened beyond reason.
constexpr std::size_t most_spliced = 1 << 20;

void make_nonblocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw SysError{errno, "make a container's pipe non-blocking"};
}

std::size_t pipe_capacity(int fd) noexcept {
    const int size = ::fcntl(fd, F_GETPIPE_SZ);
    return size > 0 ? static_cast<std::size_t>(size) : terminal_capacity;
}

/// The errno, or 0. Blocks as long as the disk does.
int write_file(int fd, std::span<const std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno != EINTR) return errno;
        if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return 0;
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

MonitorIo::MonitorIo(ContainerStdio stdio, OutputLog* log) : log_(log), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw SysError{errno, "make an epoll instance"};
    set_streams(std::move(stdio));
}

void MonitorIo::set_streams(ContainerStdio stdio) {
    source_count_ = 0;
    stdin_writable_ = true;
    terminal_ = static_cast<bool>(stdio.terminal);
    if (terminal_) {
        add_source(std::move(stdio.terminal), FrameType::stdout_data, EPOLLIN | EPOLLOUT);
        return;
    }
    if (stdio.out) add_source(std::move(stdio.out), FrameType::stdout_data, EPOLLIN);
    if (stdio.err) add_source(std::move(stdio.err), FrameType::stderr_data, EPOLLIN);
    if (stdio.in && !stdin_ended_) {
        make_nonblocking(stdio.in.get());
        add_to_epoll(stdio.in.get(), EPOLLOUT | EPOLLET, tag_of(TagKind::standard_input), "standard input");
        stdin_ = std::move(stdio.in);
    }
}

void MonitorIo::add_source(UniqueFd fd, FrameType type, std::uint32_t events) {
    make_nonblocking(fd.get());
    add_to_epoll(fd.get(), events | EPOLLET, tag_of(TagKind::source, source_count_), "output");
    sources_[source_count_] = {std::move(fd), type};
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
    exit_code_ = exit_code;
    when_dry_ = nullptr;
    if (state_ == State::running || state_ == State::between) begin_draining();
}

void MonitorIo::pause(std::function<void()> when_dry) noexcept {
    if (state_ != State::running) return;
    when_dry_ = std::move(when_dry);
    begin_draining();
}

void MonitorIo::begin_draining() noexcept {
    state_ = State::draining;
    for (Source& source : sources_) {
        if (!source.fd) continue;
        source.ready = true;
        source.drain_left = pipe_capacity(source.fd.get());
    }
}

void MonitorIo::resume(ContainerStdio stdio) {
    if (state_ != State::between) throw Error("the streams of a container's last run are still in use");
    set_streams(std::move(stdio));
    last_words_.clear(); // of a run that was not the last
    state_ = State::running;
}

MonitorIo::RunEnd MonitorIo::run() noexcept {
    const IgnorePipeSignal ignore_pipe_signal;
    while (state_ != State::done) {
        bool moved = true;
        for (int round = 0; moved && round < rounds_per_wait; ++round) moved = pump();
        if (state_ == State::done) break;
        if (!moved && log_) log_->flush();
        const bool happened = wait(moved ? 0 : may_stall() ? stall_ms : -1);
        if (!happened && !moved) return RunEnd::stalled;
    }
    if (log_) log_->flush();
    return RunEnd::done;
}

/// The end is known, and only clients are waited for.
bool MonitorIo::may_stall() const noexcept { return (state_ == State::draining && !when_dry_) || state_ == State::telling; }

/// False when nothing happened.
bool MonitorIo::wait(int timeout_ms) noexcept {
    std::array<epoll_event, 32> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        dispatch(event.data.u64, event.events);
    }
    return count != 0; // a signal is something, too
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
    case TagKind::outlet: sources_[index].outlet.ready = true; break;
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
    if (source.outlet.kind == StreamKind::pipe) return splice_source(source, room);
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
    return take_output(source, static_cast<std::size_t>(n));
}

/// The bytes in frame_ go to everybody: the log, a file that a client handed over, the clients.
bool MonitorIo::take_output(Source& source, std::size_t size) noexcept {
    if (state_ == State::draining) source.drain_left -= size;
    const auto bytes = std::span<const std::byte>(frame_).subspan(frame_header_size, size);
    if (log_) log_->append(source.type == FrameType::stderr_data ? LogStream::err : LogStream::out, bytes);
    if (const auto error = log_ ? log_->take_error() : std::nullopt; error && on_log_error_) on_log_error_(*error);
    const FrameHeader header = encode_header(source.type, size);
    std::copy(header.begin(), header.end(), frame_.begin());
    frame_size_ = frame_header_size + size;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        const bool has_it = source.outlet.fd && source.outlet.owner == i;
        clients_[i].sent = has_it ? frame_size_ : 0;
        if (clients_[i].fd && !has_it) flush_client(clients_[i]);
    }
    if (source.outlet.kind != StreamKind::file) return true;
    if (const int error = write_file(source.outlet.fd.get(), bytes); error != 0) lose_outlet(source, error);
    return true;
}

/// To a client's pipe, without a copy. What the log and others want is read after that: the pipe gives it twice.
bool MonitorIo::splice_source(Source& source, std::size_t room) noexcept {
    if (!source.outlet.ready) return false;
    const int from = source.fd.get();
    const int to = source.outlet.fd.get();
    const bool alone = !is_wanted_elsewhere(source);
    const std::size_t most = state_ == State::draining ? source.drain_left : most_spliced;
    const Moved moved = alone ? try_splice(from, to, most) : try_tee(from, to, room);
    if (moved.size == 0) return note_move(source, moved);
    if (alone) {
        if (state_ == State::draining) source.drain_left -= moved.size;
        return true;
    }
    const ssize_t n = ::read(from, frame_.data() + frame_header_size, moved.size);
    return n > 0 && take_output(source, static_cast<std::size_t>(n)); // all of it: the pipe has it, and we alone read it
}

bool MonitorIo::note_move(Source& source, const Moved& moved) noexcept {
    switch (moved.outcome) {
    case MoveOutcome::moved: return true; // interrupted
    case MoveOutcome::source_empty: source.ready = false; return false;
    case MoveOutcome::target_full: source.outlet.ready = false; return false;
    case MoveOutcome::ended: source.fd.reset(); return false;
    case MoveOutcome::target_closed:
    case MoveOutcome::failed: break;
    }
    lose_outlet(source, moved.error);
    return true;
}

bool MonitorIo::is_wanted_elsewhere(const Source& source) const noexcept {
    if (log_) return true;
    for (std::size_t i = 0; i < clients_.size(); ++i)
        if (clients_[i].fd && i != source.outlet.owner) return true;
    return false;
}

/// Tells the client, once it has what is on its way, that nobody takes this output any more.
void MonitorIo::lose_outlet(Source& source, int error) noexcept {
    const std::size_t owner = source.outlet.owner;
    close_outlet(source);
    if (in_flight()) return drop(clients_[owner]); // another client's frame: no room to say it
    const ShortFrame frame = encode_output_lost(error);
    std::copy(frame.begin(), frame.end(), frame_.begin());
    frame_size_ = frame.size();
    for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i].sent = i == owner ? 0 : frame_size_;
    if (clients_[owner].fd) flush_client(clients_[owner]);
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
    if (state_ == State::draining && drained() && when_dry_) {
        for (Source& source : sources_) {
            close_outlet(source);
            source = {};
        }
        stdin_.reset();
        state_ = State::between;
        std::exchange(when_dry_, nullptr)();
        return true;
    }
    if (state_ == State::draining && drained() && !last_words_.empty()) {
        const std::size_t size = std::min(last_words_.size(), max_payload);
        const FrameHeader header = encode_header(FrameType::stderr_data, size);
        std::copy(header.begin(), header.end(), frame_.begin());
        std::memcpy(frame_.data() + header.size(), last_words_.data(), size);
        last_words_.clear();
        offer_frame(header.size() + size);
        return true;
    }
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
