// Two connections over a bad link: seeded loss, duplication, reordering, delay, partial reads and writes, a fake clock. Both
// directions arrive whole, every time, and the same seed does the same.
#include "tests/unit/netstack/tcp_world.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace tcp_world;

namespace {

struct Weather {
    int loss = 0;         ///< per cent
    int duplication = 0;  ///< per cent
    int reordering = 0;   ///< per cent of segments that are held up
    int delay_ms = 1;
    std::size_t largest_io = SIZE_MAX; ///< bytes a stream reads or writes at a time
};

/// A reproducible text.
std::string noise(std::uint32_t seed, std::size_t size) {
    std::minstd_rand random(seed);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random() >> 8);
    return text;
}

class Simulation {
public:
    Simulation(std::uint32_t seed, const Weather& weather, std::size_t up, std::size_t down)
        : random_(seed), weather_(weather), up_text_(noise(seed, up)), down_text_(noise(seed + 1, down)) {
        to_send_[0] = up_text_;
        to_send_[1] = down_text_;
        auto e = env(0);
        ends_[0].connection.open(e, static_cast<std::uint32_t>(random_()), 1460);
        carry(0);
    }

    /// Runs to the end; the milliseconds it took, -1 when it hangs.
    std::int64_t run() {
        for (int steps = 0; steps < 2'000'000; ++steps) {
            if (over()) return now_;
            const std::int64_t next = next_event();
            if (next < 0) return -1;
            now_ = std::max(now_, next);
            if (now_ > 4 * 3600 * 1000) return -1;
            deliver();
            timers();
            for (int side : {0, 1}) applications(side);
        }
        return -1;
    }
    bool arrived() const { return ends_[1].stream.written == up_text_ && ends_[0].stream.written == down_text_; }
    bool clean() const { return ends_[0].up.out() + ends_[0].down.out() + ends_[1].up.out() + ends_[1].down.out() == 0; }
    std::uint64_t retransmissions() const { return ends_[0].counters.retransmissions + ends_[1].counters.retransmissions; }

private:
    bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
    tcp::Environment env(int side) {
        ends_[side].now = now_ + 1;
        return ends_[side].env();
    }
    bool over() const {
        return std::all_of(std::begin(ends_), std::end(ends_), [](const End& e) { return e.connection.ended() != tcp::Ended::no || !e.connection.needs_stream(); });
    }
    std::int64_t next_event() const {
        std::int64_t next = link_.empty() ? -1 : link_.begin()->first.first;
        for (const End& e : ends_)
            if (const auto at = e.connection.deadline(); at > 0 && (next < 0 || at - 1 < next)) next = at - 1;
        if (next < 0 || next > now_ + 1) return stalled_streams() ? now_ + 1 : next;
        return next;
    }
    bool stalled_streams() const { return !to_send_[0].empty() || !to_send_[1].empty() || ends_[0].stream.room == 0 || ends_[1].stream.room == 0; }

    /// Puts what `side` has sent on the link, cut into segments.
    void carry(int side) {
        for (auto& sent = ends_[side].sink.sent; !sent.empty(); sent.pop_front()) {
            const Sent& whole = sent.front();
            std::size_t at = 0;
            do {
                Sent part = whole;
                part.payload = whole.payload.substr(at, whole.mss);
                part.sequence = whole.sequence + static_cast<std::uint32_t>(at);
                at += part.payload.size();
                if (at < whole.payload.size()) part.flags &= static_cast<std::uint8_t>(~(wire::tcp_flag::fin | wire::tcp_flag::psh));
                for (int copies = chance(weather_.duplication) ? 2 : 1; copies > 0; --copies) {
                    if (chance(weather_.loss)) continue;
                    const int extra = chance(weather_.reordering) ? static_cast<int>(random_() % 20) : 0;
                    link_.emplace(std::pair{now_ + weather_.delay_ms + extra, serial_++}, std::pair{1 - side, part.packet()});
                }
            } while (at < whole.payload.size());
        }
    }
    void deliver() {
        while (!link_.empty() && link_.begin()->first.first <= now_) {
            const auto [side, arrived] = link_.begin()->second;
            link_.erase(link_.begin());
            auto e = env(side);
            if (side == 1 && !accepted_) { // the first SYN that gets through
                accepted_ = true;
                ends_[1].connection.accept(arrived.view(), static_cast<std::uint32_t>(random_()), 1460);
                ends_[1].connection.host_connected(e);
            } else {
                ends_[side].connection.segment_arrived(e, arrived.view());
                ends_[side].connection.flush(e);
            }
            carry(side);
        }
    }
    void timers() {
        for (int side : {0, 1}) {
            const auto at = ends_[side].connection.deadline();
            if (at == 0 || at > now_ + 1) continue;
            auto e = env(side);
            ends_[side].connection.timer_fired(e);
            carry(side);
        }
    }
    /// Each application writes a bit, ends, and reads a bit.
    void applications(int side) {
        FakeStream& stream = ends_[side].stream;
        stream.largest_read = weather_.largest_io;
        stream.room = weather_.largest_io == SIZE_MAX ? SIZE_MAX : random_() % (weather_.largest_io + 1);
        const std::size_t count = std::min<std::size_t>(to_send_[side].size(), random_() % 100'000);
        stream.incoming += to_send_[side].substr(0, count);
        to_send_[side].erase(0, count);
        stream.incoming_ended = to_send_[side].empty();
        auto e = env(side);
        ends_[side].connection.stream_ready(e);
        ends_[side].connection.flush(e);
        carry(side);
    }

    std::minstd_rand random_;
    Weather weather_;
    std::string up_text_, down_text_;
    std::string to_send_[2];
    End ends_[2]; ///< 0 opens, 1 accepts
    std::map<std::pair<std::int64_t, std::uint64_t>, std::pair<int, Packet>> link_;
    std::uint64_t serial_ = 0;
    std::int64_t now_ = 0;
    bool accepted_ = false;
};

} // namespace

TEST_SUITE("netstack/tcp/simulator") {

TEST_CASE("a good link needs no retransmission") {
    Simulation s(1, {}, 3'000'000, 2'000'000);
    CHECK(s.run() >= 0);
    CHECK(s.arrived());
    CHECK(s.clean());
    CHECK(s.retransmissions() == 0);
}

TEST_CASE("both directions arrive whole in any weather") {
    for (const int loss : {0, 1, 5, 20})
        for (const int reordering : {0, 10, 50})
            for (const std::size_t io : {SIZE_MAX, std::size_t{3000}})
                for (std::uint32_t seed = 1; seed <= 5; ++seed) {
                    CAPTURE(loss);
                    CAPTURE(reordering);
                    CAPTURE(io);
                    CAPTURE(seed);
                    Simulation s(seed, {loss, loss / 2, reordering, 1 + static_cast<int>(seed) * 7, io}, 60'000 + seed * 1000, 90'000);
                    CHECK(s.run() >= 0);
                    CHECK(s.arrived());
                    CHECK(s.clean());
                }
}

TEST_CASE("the same seed does the same") {
    const auto once = [] {
        Simulation s(42, {5, 2, 20, 10, 5000}, 200'000, 200'000);
        const auto time = s.run();
        return std::pair{time, s.retransmissions()};
    };
    CHECK(once() == once());
}

TEST_CASE("time grows with distance and loss, as it did (golden)") {
    const auto time = [](int loss, int delay) {
        Simulation s(7, {.loss = loss, .delay_ms = delay}, 0, 500'000);
        const auto taken = s.run();
        CHECK(s.arrived());
        return taken;
    };
    // Milliseconds for 500 kB at 1, 20 and 100 ms. The receiver here is ours; while it kept nothing that was out of order, the last two
    // lines were 1038, 2140, 9500 and 19'179, 23'220, 36'100: every loss cost a round trip for each segment that was on its way.
    const std::int64_t golden[3][3] = {{11, 100, 500}, {212, 260, 1300}, {2033, 1620, 4100}};
    const int losses[] = {0, 1, 5}, delays[] = {1, 20, 100};
    for (int l = 0; l < 3; ++l)
        for (int d = 0; d < 3; ++d) CHECK(time(losses[l], delays[d]) == golden[l][d]);
}

TEST_CASE("segments that overtake each other cost little (golden)") {
    const auto run = [](int reordering, int delay) {
        Simulation s(7, {.reordering = reordering, .delay_ms = delay}, 0, 500'000);
        const auto taken = s.run();
        CHECK(s.arrived());
        return std::pair<std::int64_t, std::uint64_t>{taken, s.retransmissions()};
    };
    // Milliseconds and retransmissions for 500 kB at 1, 20 and 100 ms. While the receiver kept nothing that was out of order: 28'894,
    // 14'025, 67'225 and 4153, 17'260, 72'223 with 331 to 345 retransmissions.
    const std::pair<std::int64_t, std::uint64_t> golden[2][3] = {{{35, 16}, {128, 4}, {528, 4}}, {{705, 65}, {2975, 63}, {12'665, 63}}};
    const int reorderings[] = {10, 50}, delays[] = {1, 20, 100};
    for (int r = 0; r < 2; ++r)
        for (int d = 0; d < 3; ++d) {
            const auto is = run(reorderings[r], delays[d]);
            CHECK(is.first == golden[r][d].first);
            CHECK(is.second == golden[r][d].second);
        }
}

} // TEST_SUITE
