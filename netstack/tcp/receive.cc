// Segments from the container, in the order of RFC 9293 3.10.7; see netstack/tcp/connection.h.
#include "netstack/tcp/connection.h"

#include "netstack/tcp/limits.h"
#include "netstack/tcp/sequence.h"

#include <algorithm>
#include <new>

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
        if (header.has(flag::rst)) return;
        send_reset(env, header.acknowledgment);
        // It was of a connection between the same ends, in TIME-WAIT perhaps, which is over now: not to be waited for.
        if (syn_repeated_) return;
        syn_repeated_ = true;
        return send_control(env, flag::syn, iss_);
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
    if (!header.has(flag::rst)) send_acknowledgment(env);
    return false;
}

/// Second and fourth: RST and SYN, with the challenge of RFC 5961 where the number is in the window but not the next one.
bool Connection::check_reset(Environment& env, const wire::TcpHeader& header) noexcept {
    if (header.has(flag::rst)) {
        if (header.sequence == rcv_nxt_) end(env, Ended::reset);
        else send_acknowledgment(env);
        return false;
    }
    if (header.has(flag::syn) && phase_ != Phase::syn_received) {
        send_acknowledgment(env);
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
        hold(env, payload, sequence, fin);
        return flush(env);
    }
    if (static_cast<std::size_t>(known) > payload.size()) return flush(env);
    payload = payload.subspan(static_cast<std::size_t>(known));
    const std::uint32_t taken = deliver(env, payload);
    if (phase_ != Phase::open) return;
    advance_to(rcv_nxt_ + taken);
    if (fin && taken == payload.size()) return take_fin(env);
    if (up_.is_pinned()) follow_up(env);
}

void Connection::advance_to(std::uint32_t next) noexcept {
    rcv_nxt_ = next;
    if (after(rcv_nxt_, rcv_edge_)) rcv_edge_ = rcv_nxt_;
}

void Connection::take_fin(Environment& env) noexcept {
    advance_to(rcv_nxt_ + 1);
    fin_received_ = true;
    closes_first_ = fin_sent_;
    up_.unpin(); // nothing can follow
    drain_up(env);
    if (phase_ != Phase::open) return;
    up_.release_if_empty(env.up_blocks);
    finish_up(env);
}

/// To the stream what it takes, into the ring what fits. The bytes that are ours now.
std::uint32_t Connection::deliver(Environment& env, wire::Bytes payload) noexcept {
    if (up_.is_pinned()) return up_.append(env.up_blocks, payload); // what is held follows it there
    std::uint32_t taken = 0;
    bool refused = false;
    while (up_.size() == 0 && taken < payload.size()) {
        const IoResult result = env.stream.write({payload.subspan(taken), {}});
        if (result.state == Io::failed) {
            abort(env);
            return 0;
        }
        refused = result.state != Io::done;
        if (refused) break;
        taken += result.count;
    }
    if (up_.size() == 0) backlog_.taken(taken, refused, env.now);
    if (taken == payload.size() || !up_.ensure_block(env.up_blocks)) return taken;
    return taken + up_.append(env.up_blocks, payload.subspan(taken));
}

// ---- behind a gap

Held* Connection::held(const BlockPool& pool) const noexcept {
    return std::launder(reinterpret_cast<Held*>(up_.behind(pool, sizeof(Held)))); // made by hold()
}

/// As far as it was allowed to be sent, and there is room. What is not kept will come again.
void Connection::hold(Environment& env, wire::Bytes payload, std::uint32_t sequence, bool fin) noexcept {
    if (!up_.has_block() && env.up_blocks.out() >= most_blocks_to_hold) return;
    if (!up_.ensure_block(env.up_blocks)) return;
    if (!up_.is_pinned()) {
        std::byte* const place = up_.behind(env.up_blocks, sizeof(Held));
        if (place == nullptr) return up_.release_if_empty(env.up_blocks);
        new (place) Held;
        up_.pin();
    }
    Held& held = *this->held(env.up_blocks);
    const std::uint32_t gap = sequence - rcv_nxt_, room = std::min(rcv_edge_ - rcv_nxt_, up_.free());
    if (gap <= room) {
        const wire::Bytes kept = payload.first(std::min<std::size_t>(payload.size(), room - gap));
        const std::uint32_t end = sequence + static_cast<std::uint32_t>(kept.size());
        const bool has_place = kept.empty() || held.ranges.add(sequence, end);
        if (has_place) up_.place(env.up_blocks, gap, kept);
        if (fin && has_place && kept.size() == payload.size()) held.has_fin = true, held.fin_at = end;
    }
    if (!held.ranges.empty() || held.has_fin) return;
    up_.unpin();
    up_.release_if_empty(env.up_blocks);
}

/// Data has come into the gap: what was held behind it follows, as far as there is no other one.
void Connection::follow_up(Environment& env) noexcept {
    Held& held = *this->held(env.up_blocks);
    const std::uint32_t next = held.ranges.take_from(rcv_nxt_);
    up_.commit(next - rcv_nxt_);
    advance_to(next);
    if (held.has_fin && held.fin_at == rcv_nxt_) {
        take_fin(env);
    } else {
        if (held.has_fin && before(held.fin_at, rcv_nxt_)) held.has_fin = false; // data behind an end: one of them was a lie
        if (held.ranges.empty() && !held.has_fin) up_.unpin();
        drain_up(env);
    }
    if (phase_ != Phase::open) return;
    up_.release_if_empty(env.up_blocks);
    flush(env); // RFC 5681, 4.2
}

void Connection::drain_up(Environment& env) noexcept {
    if (up_.size() == 0) return;
    const std::uint32_t before = up_.size();
    while (up_.size() > 0) {
        const IoResult result = env.stream.write(up_.peek(env.up_blocks, 0, up_.size()));
        if (result.state == Io::failed) return abort(env);
        if (result.state != Io::done) break;
        up_.consume(result.count);
    }
    backlog_.taken(before - up_.size(), up_.size() > 0, env.now);
    up_.release_if_empty(env.up_blocks);
    // The container may be waiting for a larger window: tell it once half of the space is news (RFC 9293 3.8.6.2.2).
    if (!fin_received_ && receive_window(env.up_blocks) - (rcv_edge_ - rcv_nxt_) >= staging_space(env.up_blocks) / 2) {
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

/// What may be staged of this stream.
std::uint32_t Connection::staging_space(const BlockPool& pool) const noexcept {
    return std::min(up_.has_block() ? up_.capacity() : pool.capacity(), backlog_.limit());
}

/// Free staging space, and never less than was promised.
std::uint32_t Connection::receive_window(const BlockPool& pool) const noexcept {
    const std::uint32_t space = staging_space(pool);
    return std::max(space - std::min(space, up_.size()), rcv_edge_ - rcv_nxt_);
}

} // namespace netstack::tcp
