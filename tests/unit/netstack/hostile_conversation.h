// A connection whose container does what no kernel would: for unit tests and fuzzers.
#pragma once

#include "tests/unit/netstack/choices.h"
#include "tests/unit/netstack/tcp_world.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace hostile {

using namespace tcp_world;
namespace flag = netstack::wire::tcp_flag;

/// Byte `i` of what a side says.
inline char said(std::uint32_t side, std::size_t i) { return static_cast<char>('a' + (i * 7 + i / 26 + side) % 26); }
inline std::string said(std::uint32_t side, std::size_t from, std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i) text[i] = said(side, from + i);
    return text;
}

/// One connection whose container sends segments as they come to mind. What it says at a sequence number is always the same, so
/// whatever the host gets must be that, in order; and whatever the container gets must be what the host said.
class Conversation {
public:
    explicit Conversation(Choices& choices) : choices_(choices), end_(std::make_unique<End>()) {
        const Packet syn = packet({40000, 80, theirs_, 0, flag::syn, window()}, {}, {{}, choices_.below(2) == 0 ? std::optional<std::uint8_t>() : 7});
        end_->connection.accept(syn.view(), ours_, 1460);
        if (choices_.below(8) == 0) end_->stream.room = choices_.below(5000);
    }

    void run() {
        for (int step = 0; step < 60 && end_->connection.ended() == tcp::Ended::no; ++step) {
            auto env = end_->env();
            act(env);
            check();
        }
        end_->connection.release(end_->up, end_->down);
        expect(end_->up.out() == 0);
        expect(end_->down.out() == 0);
    }

private:
    std::uint16_t window() { return static_cast<std::uint16_t>(choices_.below(3) == 0 ? choices_.below(10) : choices_.below(65536)); }

    void act(tcp::Environment& env) {
        switch (choices_.below(10)) {
        case 0: return end_->connection.host_connected(env);
        case 1: {
            const std::size_t more = choices_.below(6000);
            end_->stream.incoming += said(1, host_said_, more);
            host_said_ += more;
            end_->stream.incoming_ended = choices_.below(20) == 0;
            return end_->connection.stream_ready(env);
        }
        case 2:
            end_->stream.room = choices_.below(2) == 0 ? SIZE_MAX : choices_.below(3000);
            return end_->connection.stream_ready(env);
        case 3: return end_->connection.flush(env);
        case 4:
            if (end_->connection.deadline() == 0) return;
            end_->now = std::max(end_->now, end_->connection.deadline());
            env.now = end_->now;
            return end_->connection.timer_fired(env);
        case 5:
            end_->stream.broken = choices_.below(200) == 0;
            return end_->connection.stream_ready(env);
        default: return segment(env);
        }
    }

    void segment(tcp::Environment& env) {
        const std::size_t from = choices_.below(3) == 0 ? choices_.below(length_) : std::min<std::size_t>(end_->stream.written.size(), length_);
        const std::size_t count = std::min<std::size_t>(choices_.below(3000), length_ - from);
        std::uint8_t flags = choices_.below(20) == 0 ? static_cast<std::uint8_t>(choices_.below(64)) : flag::ack;
        if (from + count == length_ && choices_.below(2) == 0) flags |= flag::fin;
        else flags &= static_cast<std::uint8_t>(~flag::fin);
        const std::uint32_t acknowledged = choices_.below(10) == 0 ? choices_.any() : ours_ + 1 + choices_.below(static_cast<std::uint32_t>(sent_ + 2));
        const Packet made = packet({40000, 80, static_cast<std::uint32_t>(theirs_ + 1 + from), acknowledged, flags, window()}, said(0, from, count));
        end_->connection.segment_arrived(env, made.view());
    }

    void check() {
        expect(end_->stream.written.size() <= length_);
        for (; heard_ < end_->stream.written.size(); ++heard_) expect(end_->stream.written[heard_] == said(0, heard_));
        for (const Sent& sent : end_->sink.sent) {
            if (sent.payload.empty()) continue;
            const std::size_t at = sent.sequence - ours_ - 1;
            expect(at + sent.payload.size() <= host_said_);
            expect(sent.payload == said(1, at, sent.payload.size()));
            sent_ = std::max(sent_, at + sent.payload.size());
        }
        end_->sink.sent.clear();
    }

    Choices& choices_;
    std::unique_ptr<End> end_;
    const std::uint32_t theirs_ = choices_.any(), ours_ = choices_.any();
    const std::uint32_t length_ = 1 + choices_.below(20'000); ///< of what the container says
    std::size_t host_said_ = 0;
    std::size_t heard_ = 0; ///< of what the container says, by the host, and looked at
    std::size_t sent_ = 0; ///< of it, to the container at least once
};

} // namespace hostile
