// The monitor's attach clients, see lib/monitor_io.h.
#include "base/error.h"
#include "lib/monitor_io.h"
#include "lib/monitor_tags.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lib {
namespace {

/// Our own user and root, who can do everything to us anyway.
bool may_attach(int client_fd) noexcept {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(client_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

void resize_terminal(int terminal, WindowSize size) noexcept {
    winsize window{};
    window.ws_row = size.rows;
    window.ws_col = size.columns;
    ::ioctl(terminal, TIOCSWINSZ, &window); // fails when the container is gone: nobody is left to care
}

} // namespace

void MonitorIo::listen_on(UniqueFd listener) {
    const int flags = ::fcntl(listener.get(), F_GETFL);
    if (flags < 0 || ::fcntl(listener.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        throw SysError{errno, "make the attach socket non-blocking"};
    add_to_epoll(listener.get(), EPOLLIN | EPOLLET, tag_of(TagKind::listener), "attach socket");
    listener_ = std::move(listener);
    listener_ready_ = true;
}

void MonitorIo::add_client(UniqueFd client, Outlets outlets) {
    if (!try_adopt(client, std::move(outlets))) throw Error("a container takes ", max_clients, " attach clients at most");
}

std::size_t MonitorIo::client_count() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(clients_.begin(), clients_.end(), [](const Client& client) { return static_cast<bool>(client.fd); }));
}

/// Takes all that wait. One that may not attach, or finds no room, sees its connection closed.
void MonitorIo::accept_clients() noexcept {
    listener_ready_ = false;
    for (;;) {
        UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client && (errno == EINTR || errno == ECONNABORTED)) continue;
        if (!client) return;
        if (may_attach(client.get())) try_adopt(client);
    }
}

bool MonitorIo::try_adopt(UniqueFd& fd, Outlets outlets) noexcept {
    const auto slot = std::find_if(clients_.begin(), clients_.end(), [](const Client& client) { return !client.fd; });
    if (slot == clients_.end()) return false;
    const auto index = static_cast<std::size_t>(slot - clients_.begin());
    if (!try_add_to_epoll(fd.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, tag_of(TagKind::client, index))) return false;
    slot->fd = std::move(fd);
    slot->readable = slot->writable = true;
    slot->hung_up = false;
    // It joins after the frame that is on its way, unless that is the exit status.
    slot->sent = state_ == State::telling ? 0 : frame_size_;
    slot->input_size = slot->input_done = 0;
    take_outlets(index, std::move(outlets));
    return true;
}

/// One client at a time is served this way; whoever comes while there is one gets frames. So does who hands over something
/// that is neither a pipe nor a file.
void MonitorIo::take_outlets(std::size_t owner, Outlets outlets) noexcept {
    for (std::size_t i = 0; i < source_count_; ++i) {
        Outlet& outlet = sources_[i].outlet;
        UniqueFd& fd = outlets[sources_[i].type == FrameType::stderr_data ? 1 : 0];
        const StreamKind kind = stream_kind(fd.get());
        if (terminal_ || outlet.fd || (kind != StreamKind::pipe && kind != StreamKind::file)) continue;
        if (kind == StreamKind::pipe) {
            if (!try_add_to_epoll(fd.get(), EPOLLOUT | EPOLLET, tag_of(TagKind::outlet, i))) continue;
            widen_pipe(fd.get());
            widen_pipe(sources_[i].fd.get());
        }
        outlet = {std::move(fd), kind, true, owner};
    }
}

void MonitorIo::drop(Client& client) noexcept {
    client.fd.reset();
    const auto index = static_cast<std::size_t>(&client - clients_.data());
    for (Source& source : sources_)
        if (source.outlet.fd && source.outlet.owner == index) close_outlet(source);
}

/// The descriptor is a copy of the caller's: the epoll set would watch what it stands for beyond its end.
void MonitorIo::close_outlet(Source& source) noexcept {
    if (source.outlet.fd) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, source.outlet.fd.get(), nullptr);
    source.outlet = {};
}

/// Sends what the client has not got of the frame; true when something went out or the client is gone.
bool MonitorIo::flush_client(Client& client) noexcept {
    bool moved = false;
    while (client.writable && client.sent < frame_size_) {
        const ssize_t n = ::send(client.fd.get(), frame_.data() + client.sent, frame_size_ - client.sent,
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            client.sent += static_cast<std::size_t>(n);
            moved = true;
        } else if (errno == EAGAIN) {
            client.writable = false;
        } else if (errno != EINTR) {
            drop(client);
            return true;
        }
    }
    return moved;
}

/// One read of the client's input, once the container took what came before.
bool MonitorIo::read_client(Client& client) noexcept {
    const std::size_t before = client.input_size + client.input_done;
    const Input input = take_frames(client);
    if (input == Input::blocked && client.hung_up) drop(client); // nobody waits for its answer
    if (!client.fd) return true;
    if (input == Input::blocked || !client.readable) return client.input_size + client.input_done != before;
    const ssize_t n = ::recv(client.fd.get(), client.input.data() + client.input_size,
                             client.input.size() - client.input_size, MSG_DONTWAIT);
    if (n > 0)
        client.input_size += static_cast<std::size_t>(n);
    else if (n < 0 && errno == EAGAIN)
        client.readable = false;
    else if (n == 0 || errno != EINTR)
        drop(client);
    return client.readable;
}

/// Acts on the whole frames that are there.
MonitorIo::Input MonitorIo::take_frames(Client& client) noexcept {
    for (;;) {
        const auto held = std::span<const std::byte>(client.input).first(client.input_size);
        const DecodedFrame decoded = decode_frame(held, FrameSender::client);
        if (decoded.outcome == FrameOutcome::incomplete) return Input::wanted;
        if (decoded.outcome == FrameOutcome::malformed) {
            drop(client);
            return Input::dropped;
        }
        switch (decoded.frame.type) {
        case FrameType::stdin_data:
            client.input_done += feed_stdin(decoded.frame.payload.subspan(client.input_done));
            if (client.input_done < decoded.frame.payload.size()) return Input::blocked;
            break;
        case FrameType::stdin_eof:
            stdin_.reset();
            stdin_ended_ = true;
            break;
        case FrameType::resize:
            if (terminal_) resize_terminal(sources_[0].fd.get(), decode_resize(decoded.frame));
            break;
        case FrameType::stdout_data:
        case FrameType::stderr_data:
        case FrameType::exit_status:
        case FrameType::output_lost: break; // no client's: malformed, see above
        }
        std::copy(held.begin() + static_cast<std::ptrdiff_t>(decoded.size), held.end(), client.input.begin());
        client.input_size -= decoded.size;
        client.input_done = 0;
    }
}

/// Writes to the container what it takes now; the number of bytes done with. Without a reader they are dropped.
std::size_t MonitorIo::feed_stdin(std::span<const std::byte> bytes) noexcept {
    const int fd = terminal_ ? sources_[0].fd.get() : stdin_.get();
    std::size_t done = 0;
    while (fd >= 0 && stdin_writable_ && done < bytes.size()) {
        const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
        if (n > 0) {
            done += static_cast<std::size_t>(n);
        } else if (n == 0 || errno == EAGAIN) {
            stdin_writable_ = false;
        } else if (errno != EINTR) {
            stdin_.reset();
            return bytes.size();
        }
    }
    return fd < 0 ? bytes.size() : done;
}

} // namespace lib
