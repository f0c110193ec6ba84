// The states of a connection as tables of segments sent and received. Numbers: the container begins at 1000, we at 5000.
#pragma once

#include "tests/unit/netstack/tcp_world.h"

#include <doctest/doctest.h>

#include <string>

namespace tcp_world {

namespace flag = wire::tcp_flag;

inline constexpr std::uint32_t theirs = 1000;
inline constexpr std::uint32_t ours = 5000;
inline constexpr std::uint16_t mss = 1460;
inline constexpr std::uint8_t A = flag::ack, F = flag::fin, R = flag::rst, S = flag::syn;

/// The machine between a test that plays the container and one that plays the host.
struct Table : End {
    /// A segment from the container, numbers relative to the beginnings.
    void in(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment, const std::string& payload = {},
            std::uint16_t window = 1000, const wire::TcpOptions& options = {}) {
        const Packet p = packet({40000, 80, theirs + sequence, ours + acknowledgment, flags, window}, payload, options);
        auto e = env();
        connection.segment_arrived(e, p.view());
    }
    void syn(const wire::TcpOptions& options = {}, std::uint16_t window = 1000) {
        const Packet p = packet({40000, 80, theirs, 0, S, window}, {}, options);
        connection.accept(p.view(), ours, mss);
    }
    void host_connects() {
        auto e = env();
        connection.host_connected(e);
    }
    void establish(std::uint16_t window = 1000) {
        syn({}, window);
        host_connects();
        expect(S | A, 0, 1);
        in(A, 1, 1, {}, window);
        nothing();
        REQUIRE(connection.is_open());
    }
    void host(const std::string& data, bool end = false) {
        stream.incoming += data;
        stream.incoming_ended = end;
        ready();
    }
    void ready() {
        auto e = env();
        connection.stream_ready(e);
    }
    void flush() {
        auto e = env();
        connection.flush(e);
    }
    /// Lets the timer run out.
    void wait() {
        REQUIRE(connection.deadline() > 0);
        now = connection.deadline();
        auto e = env();
        connection.timer_fired(e);
    }

    /// The next segment that went to the container.
    Sent expect(int flags, std::uint32_t sequence, std::uint32_t acknowledgment, const std::string& payload = {}) {
        REQUIRE_FALSE(sink.sent.empty());
        Sent s = sink.sent.front();
        sink.sent.pop_front();
        CHECK(flags_of(s.flags & static_cast<std::uint8_t>(~flag::psh)) == flags_of(static_cast<std::uint8_t>(flags)));
        CHECK(s.sequence - ours == sequence);
        if ((flags & A) != 0) CHECK(s.acknowledgment - theirs == acknowledgment);
        CHECK(s.payload == payload);
        return s;
    }
    /// A reset is exact in one field only.
    Sent expect_reset() {
        REQUIRE_FALSE(sink.sent.empty());
        Sent s = sink.sent.front();
        sink.sent.pop_front();
        CHECK((s.flags & R) != 0);
        return s;
    }
    void nothing() { CHECK(sink.sent.empty()); }
};

} // namespace tcp_world
