// See netstack/dns/forwarder.h.
#include "netstack/dns/forwarder.h"

#include <sys/random.h>
#include <sys/socket.h>

#include <cerrno>

namespace netstack::dns {
namespace {

constexpr std::int64_t patience_ms = 3000;
constexpr std::uint16_t rounds = 2;

} // namespace

int Forwarder::reserve() noexcept {
    if (const int error = pending_.reserve(most_queries)) return error;
    return wheel_.reserve(most_queries, around_.now);
}

void Forwarder::arrived(const wire::IpView& packet, const wire::UdpView& datagram) noexcept {
    const auto query = Query::parse(datagram.payload());
    if (!query || query->message().size() > largest_query) return;
    const Ends ends{packet.destination(), packet.source(), datagram.destination_port(), datagram.source_port()};
    NameCounters& counted = around_.counters.names;
    ++counted.questions;
    std::array<std::byte, largest_reply> reply;
    if (const std::size_t size = names_.answer(reply, *query, around_)) {
        ++counted.answered_here;
        return around_.frames.send_udp(ends, wire::Bytes(reply).first(size), 0);
    }
    if (pending_.full()) return (void)++counted.dropped; // in a flood resolvers ask again
    const std::uint32_t index = pending_.take();
    Pending& pending = pending_[index];
    pending.ends = ends;
    pending.size = static_cast<std::uint16_t>(query->message().size());
    wire::store_bytes(pending.query, 0, query->message());
    ask(index);
}

void Forwarder::answer(const Query& query, const Ends& ends, Code code) noexcept {
    std::array<std::byte, largest_reply> reply{};
    around_.frames.send_udp(ends, wire::Bytes(reply).first(build_reply(reply, query, code)), 0);
}

/// The next server in turn that can be sent to.
void Forwarder::ask(std::uint32_t index) noexcept {
    Pending& pending = pending_[index];
    const auto servers = names_.servers();
    while (pending.attempts < rounds * servers.size()) {
        if (!send(index, servers[pending.attempts++ % servers.size()])) continue;
        pending.deadline = around_.now + patience_ms;
        wheel_.set(index, pending.deadline);
        return;
    }
    give_up(index);
}

bool Forwarder::send(std::uint32_t index, const SocketName& server) noexcept {
    Pending& pending = pending_[index];
    if (::getrandom(&pending.id, sizeof pending.id, 0) != static_cast<ssize_t>(sizeof pending.id)) return false;
    pending.socket.reset(::socket(server.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!pending.socket || ::connect(pending.socket.get(), server.get(), server.length()) != 0) return false;
    std::array<std::byte, largest_query> message;
    wire::store_bytes(message, 0, wire::Bytes(pending.query).first(pending.size));
    wire::store16(message, 0, pending.id);
    if (::send(pending.socket.get(), message.data(), pending.size, MSG_NOSIGNAL) < 0) return false;
    return around_.loop.watch(pending.socket.get(), EPOLLIN, Token{Owner::dns, index, pending_.generation(index)}.pack()) == 0;
}

void Forwarder::host_event(const Token& token, std::uint32_t) noexcept {
    Pending* pending = pending_.find(token.index, token.generation);
    if (pending == nullptr) return;
    const ssize_t count = ::recv(pending->socket.get(), around_.scratch.data(), around_.scratch.size(), MSG_DONTWAIT);
    if (count < 0) {
        if (errno != EAGAIN) ask(token.index); // nobody listens there
        return;
    }
    const auto query = Query::parse(wire::Bytes(pending->query).first(pending->size));
    const wire::MutableBytes reply = wire::MutableBytes(around_.scratch).first(static_cast<std::size_t>(count));
    if (!query || !is_answer(reply, pending->id, query->question())) return; // somebody guesses
    wire::store16(reply, 0, query->id());
    around_.frames.send_udp(pending->ends, reply, 0);
    remove(token.index);
}

void Forwarder::advance() noexcept {
    wheel_.advance(around_.now, [this](std::uint32_t index) noexcept {
        if (pending_[index].deadline > around_.now) wheel_.set(index, pending_[index].deadline);
        else ask(index);
    });
}

void Forwarder::give_up(std::uint32_t index) noexcept {
    ++around_.counters.names.failed;
    const Pending& pending = pending_[index];
    if (const auto query = Query::parse(wire::Bytes(pending.query).first(pending.size))) answer(*query, pending.ends, Code::server_failure);
    remove(index);
}

void Forwarder::remove(std::uint32_t index) noexcept {
    wheel_.cancel(index);
    pending_.give_back(index);
}

} // namespace netstack::dns
