// Segments from the container, in the order of RFC 9293 3.10.7; see netstack/tcp/connection.h.
#include "netstack/tcp/connection.h"

#include "netstack/tcp/limits.h"
#include "netstack/tcp/sequence.h"

#include <algorithm>

namespace netstack::tcp {

namespace flag = wire::tcp_flag;

void Connection::segment_arrived(Environment& env, const wire::TcpView& segment) noexcept {
    const wire::TcpHeader& header = segment.header();
    switch (phase_) {
    case Phase::closed: return;
    case Phase::connecting: // its SYN again, or it has given up
        if (header.has(flag::rst) && header.sequence == rcv_nxt_) end(env, Ended::reset);
        return;
    case Phase::syn_sent: return arrived_in_syn_sent(env, segment);
    default: break;
    }
    if (phase_ == Phase::syn_received && header.has(flag::syn) && !header.has(flag::ack) && header.sequence + 1 == rcv_nxt_)
        return send_control(env, flag::syn | flag::ack, iss_); // ours was lost
    attempts_ = 0;
    if (!check_sequence(env, segment) || !check_reset(env, header)) return;
    if (!header.has(flag::ack)) return;
    if (phase_ == Phase::syn_received && !check_handshake(env, header)) return;
    if (phase_ == Phase::lingering) return;

    take_acknowledgment(env, header, segment.payload().empty() && !header.has(flag::fin));
    if (phase_ != Phase::open) return;
    take_payload(env, segment.payload(), header.sequence, header.has(flag::fin));
    if (phase_ != Phase::open) return;
    fill_down(env);
    output(env);
    end_if_done(env);
}

void Connection::arrived_in_syn_sent(Environment& env, const wire::TcpView& segment) noexcept {
    const wire::TcpHeader& header = segment.header();
    const bool acknowledges = header.has(flag::ack);
    if (acknowledges && header.acknowledgment != snd_max_) {
        if (!header.has(flag::rst)) send_reset(env, header.acknowledgment);
        return;
    }
    if (header.has(flag::rst)) {
        if (acknowledges) end(env, Ended::refused);
        return;
    }
    if (!header.has(flag::syn)) return;
    rcv_nxt_ = rcv_edge_ = header.sequence + 1;
    rcv_scale_ = 0;
    take_options(segment.options());
    snd_wnd_ = header.window;
    snd_wl1_ = header.sequence;
    snd_wl2_ = header.acknowledgment;
    if (!acknowledges) { // both have opened at once
        phase_ = Phase::syn_received;
        return send_control(env, flag::syn | flag::ack, iss_);
    }
    snd_una_ = snd_max_;
    attempts_ = 0;
    rto_ = first_rto_ms;
    phase_ = Phase::open;
    ack_due_ = true;
    stream_ready(env);
    if (phase_ == Phase::open) {
        flush(env);
        arm(env);
    }
}

/// First: is any of it in the window? What is not is answered with where we are, unless it is a reset.
bool Connection::check_sequence(Environment& env, const wire::TcpView& segment) noexcept {
    const wire::TcpHeader& header = segment.header();
    const std::uint32_t window = rcv_edge_ - rcv_nxt_;
    const auto length = static_cast<std::uint32_t>(segment.payload().size() + (header.has(flag::syn) ? 1 : 0) + (header.has(flag::fin) ? 1 : 0));
    const std::uint32_t last = header.sequence + (length > 0 ? length - 1 : 0);
    const auto inside = [&](std::uint32_t s) noexcept { return s == rcv_nxt_ || (s - rcv_nxt_) < window; };
    // A segment that begins before the window and reaches into it counts; one that surrounds it does not exist.
    if (inside(header.sequence) || (length > 0 && inside(last))) return true;
    if (!header.has(flag::rst)) send_control(env, flag::ack, snd_nxt_);
    return false;
}

/// Second and fourth: RST and SYN, with the challenge of RFC 5961 where the number is in the window but not the next one.
bool Connection::check_reset(Environment& env, const wire::TcpHeader& header) noexcept {
    if (header.has(flag::rst)) {
        if (header.sequence == rcv_nxt_) end(env, Ended::reset);
        else send_control(env, flag::ack, snd_nxt_);
        return false;
    }
    if (header.has(flag::syn) && phase_ != Phase::syn_received) {
        send_control(env, flag::ack, snd_nxt_);
        return false;
    }
    return true;
}

/// Fifth, in SYN-RECEIVED: our SYN is acknowledged, or something is of another connection.
bool Connection::check_handshake(Environment& env, const wire::TcpHeader& header) noexcept {
    if (header.acknowledgment != snd_max_) {
        send_reset(env, header.acknowledgment);
        return false;
    }
    snd_una_ = snd_max_;
    snd_wnd_ = std::uint32_t{header.window} << (header.has(flag::syn) ? 0 : snd_scale_);
    snd_wl1_ = header.sequence;
    snd_wl2_ = header.acknowledgment;
    rto_ = first_rto_ms;
    phase_ = Phase::open;
    return true;
}

/// Seventh and eighth: the data, cut to what is new, and the FIN behind it.
void Connection::take_payload(Environment& env, wire::Bytes payload, std::uint32_t sequence, bool fin) noexcept {
    if (payload.empty() && !fin) return;
    ack_due_ = true;
    if (fin_received_) return flush(env); // nothing comes after a FIN: this is it again
    const std::int32_t known = distance(sequence, rcv_nxt_);
    if (known < 0) { // something before it is missing; at once, for the container counts these
        ++env.counters.out_of_order;
        return flush(env);
    }
    if (static_cast<std::size_t>(known) > payload.size()) return flush(env);
    payload = payload.subspan(static_cast<std::size_t>(known));
    const std::uint32_t taken = deliver(env, payload);
    if (phase_ != Phase::open) return;
    rcv_nxt_ += taken;
    if (after(rcv_nxt_, rcv_edge_)) rcv_edge_ = rcv_nxt_;
    if (!fin || taken != payload.size()) return;
    ++rcv_nxt_;
    if (after(rcv_nxt_, rcv_edge_)) rcv_edge_ = rcv_nxt_;
    fin_received_ = true;
    closes_first_ = fin_sent_;
    finish_up(env);
}

/// To the stream what it takes, into the ring what fits. The bytes that are ours now.
std::uint32_t Connection::deliver(Environment& env, wire::Bytes payload) noexcept {
    std::uint32_t taken = 0;
    while (up_.size() == 0 && taken < payload.size()) {
        const IoResult result = env.stream.write({payload.subspan(taken), {}});
        if (result.state == Io::failed) {
            abort(env);
            return 0;
        }
        if (result.state != Io::done) break;
        taken += result.count;
    }
    if (taken == payload.size() || !up_.ensure_block(env.up_blocks)) return taken;
    return taken + up_.append(env.up_blocks, payload.subspan(taken));
}

void Connection::drain_up(Environment& env) noexcept {
    if (up_.size() == 0) return;
    while (up_.size() > 0) {
        const IoResult result = env.stream.write(up_.peek(env.up_blocks, 0, up_.size()));
        if (result.state == Io::failed) return abort(env);
        if (result.state != Io::done) break;
        up_.consume(result.count);
    }
    up_.release_if_empty(env.up_blocks);
    // The container may be waiting for a larger window: tell it once half of the space is news (RFC 9293 3.8.6.2.2).
    const std::uint32_t space = up_.has_block() ? up_.capacity() : env.up_blocks.capacity();
    if (!fin_received_ && receive_window(env.up_blocks) - (rcv_edge_ - rcv_nxt_) >= space / 2) {
        ack_due_ = true;
        flush(env);
    }
    finish_up(env);
}

void Connection::finish_up(Environment& env) noexcept {
    if (!fin_received_ || finished_ || up_.size() > 0) return;
    finished_ = true;
    env.stream.finish();
}

/// Free staging space, and never less than was promised.
std::uint32_t Connection::receive_window(const BlockPool& pool) const noexcept {
    const std::uint32_t space = up_.has_block() ? up_.free() : pool.capacity();
    return std::max(space, rcv_edge_ - rcv_nxt_);
}

} // namespace netstack::tcp
