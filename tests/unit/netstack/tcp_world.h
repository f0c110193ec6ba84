// What the tests of the TCP machine share: segments as text, streams that obey a script, a sink that remembers.
#pragma once

#include "netstack/tcp/connection.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace tcp_world {

using namespace netstack;

inline wire::Bytes as_bytes(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string text_of(wire::Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// A segment that owns its bytes.
struct Packet {
    std::vector<std::byte> bytes;
    wire::TcpView view() const { return *wire::TcpView::parse(bytes); }
};

inline Packet packet(const wire::TcpHeader& header, const std::string& payload = {}, const wire::TcpOptions& options = {}) {
    Packet made;
    made.bytes.resize(64 + payload.size());
    const std::size_t length = wire::build_tcp(made.bytes, header, options);
    made.bytes.resize(length + payload.size());
    wire::store_bytes(made.bytes, length, as_bytes(payload));
    return made;
}

/// As sent by a connection, payload copied.
struct Sent {
    std::uint32_t sequence, acknowledgment;
    std::uint8_t flags;
    std::uint16_t window;
    wire::TcpOptions options;
    std::string payload;
    std::uint16_t mss;

    Sent(const tcp::Segment& s)
        : sequence(s.sequence), acknowledgment(s.acknowledgment), flags(s.flags), window(s.window), options(s.options),
          payload(text_of(s.payload.first) + text_of(s.payload.second)), mss(s.mss) {}
    Packet packet() const { return tcp_world::packet({1, 2, sequence, acknowledgment, flags, window}, payload, options); }
};

/// Flags in the order of their bits, "FSRPA".
inline std::string flags_of(std::uint8_t flags) {
    std::string text;
    for (int bit = 0; bit < 5; ++bit)
        if ((flags >> bit & 1) != 0) text += "FSRPA"[bit];
    return text;
}

class Sink final : public tcp::SegmentSink {
public:
    void send(const tcp::Segment& segment) noexcept override { sent.emplace_back(segment); }
    std::deque<Sent> sent;
};

/// A stream whose other end is the test.
class FakeStream final : public tcp::Stream {
public:
    bool maybe_readable() const noexcept override { return !incoming.empty() || incoming_ended || broken; }
    tcp::IoResult read(const tcp::Pieces<wire::MutableBytes>& into) noexcept override {
        if (broken) return {tcp::Io::failed};
        if (incoming.empty()) return {incoming_ended ? tcp::Io::ended : tcp::Io::blocked};
        const std::size_t count = std::min({incoming.size(), into.size(), largest_read});
        const std::size_t first = std::min(count, into.first.size());
        wire::store_bytes(into.first, 0, as_bytes(incoming).first(first));
        wire::store_bytes(into.second, 0, as_bytes(incoming).subspan(first, count - first));
        incoming.erase(0, count);
        return {tcp::Io::done, static_cast<std::uint32_t>(count)};
    }
    tcp::IoResult write(const tcp::Pieces<wire::Bytes>& from) noexcept override {
        if (broken) return {tcp::Io::failed};
        const std::size_t count = std::min(room, from.size());
        if (count == 0) return {tcp::Io::blocked};
        written += (text_of(from.first) + text_of(from.second)).substr(0, count);
        room -= count;
        return {tcp::Io::done, static_cast<std::uint32_t>(count)};
    }
    void finish() noexcept override { ++finished; }

    std::string incoming; ///< to be read by the connection
    bool incoming_ended = false;
    std::string written;
    std::size_t room = SIZE_MAX;
    std::size_t largest_read = SIZE_MAX;
    int finished = 0;
    bool broken = false;
};

/// A connection and all it needs.
struct End {
    End() {
        if (up.reserve(4, 512 << 10) != 0 || down.reserve(4, 1 << 20) != 0) std::abort();
    }
    tcp::Environment env() { return {sink, stream, up, down, counters, now}; }

    tcp::Connection connection;
    Sink sink;
    FakeStream stream;
    tcp::BlockPool up, down;
    tcp::Counters counters;
    std::int64_t now = 1000;
};

} // namespace tcp_world
