// See netstack/dns/conversation.h.
#include "netstack/dns/conversation.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace netstack::dns {

void Conversation::begin(Surroundings& around, const Names& names, std::uint64_t token) noexcept {
    around_ = &around;
    names_ = &names;
    token_ = token;
    used_ = around.now;
}

// ---- from the container

tcp::IoResult Conversation::write(const tcp::Pieces<wire::Bytes>& from) noexcept {
    if (broken_) return {tcp::Io::failed};
    held_up_ = is_busy();
    if (held_up_) return {tcp::Io::blocked};
    std::uint32_t taken = 0;
    for (const wire::Bytes piece : {from.first, from.second}) {
        for (wire::Bytes left = piece; !left.empty() && !is_busy();) {
            const std::size_t whole = size_ < 2 ? 2 : 2U + wire::load16(message_, 0);
            const std::size_t count = std::min(whole - size_, left.size());
            wire::store_bytes(message_, size_, left.first(count));
            left = left.subspan(count);
            size_ = static_cast<std::uint16_t>(size_ + count);
            taken += static_cast<std::uint32_t>(count);
            if (size_ == 2 && (wire::load16(message_, 0) == 0 || wire::load16(message_, 0) > largest_message)) broken_ = true;
            else if (size_ == whole && size_ > 2) take_message();
        }
    }
    return broken_ ? tcp::IoResult{tcp::Io::failed} : tcp::IoResult{tcp::Io::done, taken};
}

void Conversation::take_message() noexcept {
    NameCounters& counted = around_->counters.names;
    ++counted.questions;
    used_ = around_->now;
    if (const auto query = Query::parse(wire::Bytes(message_).subspan(2, size_ - 2U)))
        if (const std::size_t size = names_->answer(wire::MutableBytes(reply_).subspan(2), *query, *around_)) {
            ++counted.answered_here;
            size_ = 0;
            return reply(size);
        }
    if (known_changes_ != names_->changes()) server_.reset();
    attempts_ = 0;
    sent_ = 0;
    stage_ = Stage::asking;
    deadline_ = around_->now + patience_ms;
    ask();
}

void Conversation::reply(std::size_t size) noexcept {
    wire::store16(reply_, 0, static_cast<std::uint16_t>(size));
    reply_size_ = static_cast<std::uint16_t>(2 + size);
    given_ = 0;
}

void Conversation::finish() noexcept {
    finished_ = true;
    if (stage_ == Stage::listening && !is_amid()) end_questions();
}

/// The server says what it has still to say, and ends.
void Conversation::end_questions() noexcept {
    if (!server_) return;
    ::shutdown(server_.get(), SHUT_WR);
    deadline_ = around_->now + patience_ms;
}

// ---- to a server

void Conversation::ask() noexcept {
    while (stage_ == Stage::asking) {
        if (!server_ && !connect_next()) return give_up();
        const ssize_t count = ::send(server_.get(), message_.data() + sent_, static_cast<std::size_t>(size_ - sent_), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return; // also while it is being connected
        if (count < 0) {
            server_.reset();
            continue;
        }
        sent_ = static_cast<std::uint16_t>(sent_ + count);
        if (sent_ == size_) stage_ = Stage::waiting;
    }
}

bool Conversation::connect_next() noexcept {
    const auto servers = names_->servers();
    while (attempts_ < servers.size()) {
        const SocketName& server = servers[attempts_++];
        server_.reset(::socket(server.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!server_ || (::connect(server_.get(), server.get(), server.length()) != 0 && errno != EINPROGRESS)) continue;
        if (around_->loop.watch(server_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, token_) != 0) continue;
        known_changes_ = names_->changes();
        readable_ = false;
        sent_ = 0;
        deadline_ = around_->now + patience_ms;
        return true;
    }
    server_.reset();
    return false;
}

void Conversation::ask_next() noexcept {
    server_.reset();
    stage_ = Stage::asking;
    ask();
}

void Conversation::give_up() noexcept {
    ++around_->counters.names.failed;
    const auto query = Query::parse(wire::Bytes(message_).subspan(2, size_ - 2U));
    if (query) reply(build_reply(wire::MutableBytes(reply_).subspan(2), *query, Code::server_failure));
    else broken_ = true;
    stage_ = Stage::listening;
    size_ = 0;
    deadline_ = 0;
}

void Conversation::server_ready() noexcept {
    readable_ = true;
    ask();
}

void Conversation::timed_out() noexcept {
    deadline_ = 0;
    if (is_amid()) broken_ = true;
    else if (stage_ == Stage::listening) server_.reset();
    else ask_next();
}

// ---- to the container

bool Conversation::maybe_readable() const noexcept {
    return broken_ || has_reply() || is_over() || (server_ && readable_ && stage_ != Stage::asking);
}

tcp::IoResult Conversation::read(const tcp::Pieces<wire::MutableBytes>& into) noexcept {
    while (!broken_) {
        if (has_reply()) {
            const std::size_t count = std::min<std::size_t>(reply_size_ - given_, into.first.size());
            wire::store_bytes(into.first, 0, wire::Bytes(reply_).subspan(given_, count));
            given_ = static_cast<std::uint16_t>(given_ + count);
            return {tcp::Io::done, static_cast<std::uint32_t>(count)};
        }
        if (is_over()) return {tcp::Io::ended};
        if (!server_ || !readable_ || stage_ == Stage::asking) return {tcp::Io::blocked};
        const wire::MutableBytes room = left_ > 0 ? into.first.first(std::min<std::size_t>(left_, into.first.size())) : wire::MutableBytes(length_).subspan(length_size_);
        const ssize_t count = ::recv(server_.get(), room.data(), room.size(), MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) {
            readable_ = false;
        } else if (count <= 0) {
            server_ended();
        } else if (left_ > 0) {
            left_ = static_cast<std::uint16_t>(left_ - count);
            deadline_ = left_ > 0 ? around_->now + patience_ms : 0;
            if (left_ == 0 && finished_) end_questions();
            return {tcp::Io::done, static_cast<std::uint32_t>(count)};
        } else {
            length_size_ = static_cast<std::uint8_t>(length_size_ + count);
            server_speaks();
        }
    }
    return {tcp::Io::failed};
}

/// Its length, whole or the first of two bytes: a message begins, and with it no other server is asked any more.
void Conversation::server_speaks() noexcept {
    if (stage_ == Stage::waiting) size_ = 0;
    stage_ = Stage::listening;
    deadline_ = around_->now + patience_ms;
    if (length_size_ < length_.size()) return;
    left_ = wire::load16(length_, 0);
    length_size_ = 0;
    wire::store_bytes(reply_, 0, length_);
    reply_size_ = 2;
    given_ = 0;
    if (left_ > 0) return;
    deadline_ = 0;
    if (finished_) end_questions();
}

void Conversation::server_ended() noexcept {
    readable_ = false;
    if (is_amid()) broken_ = true;
    else if (stage_ == Stage::waiting) return ask_next();
    server_.reset();
    deadline_ = 0;
}

// ---- all of them

int Conversations::reserve() noexcept {
    if (const int error = all_.reserve(most)) return error;
    return wheel_.reserve(most, around_.now);
}

std::uint32_t Conversations::quietest() noexcept {
    const Entry* found = nullptr;
    all_.for_each([&](std::uint32_t number) {
        if (found == nullptr || all_[number].conversation.used() < found->conversation.used()) found = &all_[number];
    });
    return found->flow;
}

std::uint16_t Conversations::open(std::uint32_t flow, std::uint64_t token) noexcept {
    const auto number = static_cast<std::uint16_t>(all_.take());
    all_[number].flow = flow;
    all_[number].conversation.begin(around_, names_, token);
    return number;
}

void Conversations::close(std::uint16_t number) noexcept {
    wheel_.cancel(number);
    all_.give_back(number);
}

void Conversations::settle(std::uint16_t number) noexcept {
    if (const std::int64_t deadline = all_[number].conversation.deadline(); deadline > 0) wheel_.set(number, deadline);
}

} // namespace netstack::dns
