// Segments to the container, and what its acknowledgments do; see netstack/tcp/connection.h.
#include "netstack/tcp/connection.h"

#include "netstack/tcp/limits.h"
#include "netstack/tcp/sequence.h"

#include <algorithm>

namespace netstack::tcp {

namespace flag = wire::tcp_flag;

/// `bare`: neither data nor FIN came with it, so it may count as a duplicate.
void Connection::take_acknowledgment(Environment& env, const wire::TcpHeader& header, bool bare) noexcept {
    const std::uint32_t number = header.acknowledgment;
    if (after(number, snd_max_)) return send_acknowledgment(env); // of what was never sent
    if (before(number, snd_una_)) return;                                      // an old one, overtaken
    const std::uint32_t window = std::uint32_t{header.window} << snd_scale_;
    const bool same_window = window == snd_wnd_;
    bool news = number != snd_una_;
    if (before(snd_wl1_, header.sequence) || (snd_wl1_ == header.sequence && !after(snd_wl2_, number))) {
        const bool opens = snd_wnd_ == 0 && window > 0;
        snd_wnd_ = window;
        snd_wl1_ = header.sequence;
        snd_wl2_ = number;
        if (opens && number == snd_una_) { // what is out there was a probe, and was not taken
            snd_nxt_ = snd_una_;
            fin_sent_ = false;
            rto_ = std::min(rto_, first_rto_ms);
            news = true;
        }
    }
    if (number != snd_una_) acknowledged(env, number);
    else if (bare && same_window && in_flight() > 0 && snd_wnd_ > 0) duplicate_acknowledgment(env);
    if (news || deadline_ == 0) arm(env); // RFC 6298 (5.3): by what is new alone, or a loss would never be noticed
}

void Connection::acknowledged(Environment& env, std::uint32_t number) noexcept {
    const std::uint32_t count = number - snd_una_;
    const std::uint32_t bytes = std::min(count, down_.size()); // the FIN is no byte
    if (count > bytes) fin_sent_ = true; // it was out, although a timeout may have gone back before it
    down_.consume(bytes);
    snd_una_ = number;
    if (before(snd_nxt_, snd_una_)) snd_nxt_ = snd_una_;
    duplicates_ = 0;
    if (timing_ && !before(number, timed_)) measure_round_trip(env.now);
    else compute_rto(); // progress ends the backing off, as in Linux: waiting for a sample would take minutes after a bad burst
    if (recovering_ && before(number, recover_)) {
        retransmit_first(env); // a partial acknowledgment: the next hole (RFC 6582, 3.2)
    } else if (recovering_) {
        recovering_ = false;
        cwnd_ = ssthresh_;
    } else if (cwnd_ != UINT32_MAX) {
        const std::uint32_t step = cwnd_ < ssthresh_ ? std::min(bytes, std::uint32_t{mss_})
                                                     : std::max(std::uint32_t{1}, std::uint32_t{mss_} * mss_ / cwnd_);
        cwnd_ = std::min(cwnd_ + step, BlockPool::block_size);
    }
    down_.release_if_empty(env.down_blocks);
}

void Connection::duplicate_acknowledgment(Environment& env) noexcept {
    if (recovering_) {
        cwnd_ += mss_; // one more has left the link
        return;
    }
    if (duplicates_ < duplicate_limit) ++duplicates_;
    if (duplicates_ != duplicate_limit || (recover_ != 0 && before(snd_una_, recover_))) return;
    duplicates_ = 0;
    ssthresh_ = std::max(in_flight() / 2, std::uint32_t{2} * mss_);
    cwnd_ = ssthresh_ + std::uint32_t{3} * mss_;
    recover_ = snd_max_;
    recovering_ = true;
    retransmit_first(env);
}

/// Reads as long as there is something, room for it and a window that asks for it.
void Connection::fill_down(Environment& env) noexcept {
    starved_ = false;
    while (phase_ == Phase::open && !stream_ended_ && env.stream.maybe_readable()) {
        if (!down_.ensure_block(env.down_blocks)) {
            starved_ = true;
            return;
        }
        if (down_.free() < down_.capacity() / 8) return; // not by crumbs: its acknowledgments will come
        const IoResult result = env.stream.read(down_.room(env.down_blocks));
        if (result.state == Io::done) {
            down_.commit(result.count);
            // While it is in the cache; but behind a little the end may come, and both go in one segment.
            if (result.count >= mss_) output(env);
            continue;
        }
        down_.release_if_empty(env.down_blocks);
        if (result.state == Io::failed) return abort(env);
        if (result.state == Io::blocked) return;
        stream_ended_ = true;
    }
}

/// How much may go out behind `offset` bytes of the ring.
std::uint32_t Connection::next_size(std::uint32_t offset) const noexcept {
    const std::uint32_t waiting = down_.size() - offset;
    const std::uint32_t window = std::min(snd_wnd_, cwnd_);
    const std::uint32_t usable = window > offset ? window - offset : 0;
    const std::uint32_t count = std::min({waiting, usable, largest_burst});
    if (count == waiting) return count;
    if (count >= mss_) return count - count % mss_;
    // A little piece only if the container never offers more (RFC 9293 3.8.6.2.1).
    return offset == 0 ? count : 0;
}

void Connection::output(Environment& env) noexcept {
    if (phase_ != Phase::open) return;
    for (;;) {
        const std::uint32_t offset = snd_nxt_ - snd_una_;
        if (fin_sent_ || offset > down_.size()) break;
        const std::uint32_t count = next_size(offset);
        const bool ends = stream_ended_ && offset + count == down_.size();
        if (count == 0 && !ends) break;
        send_data(env, offset, count);
        if (ends) break;
    }
    if (deadline_ == 0) arm(env);
}

void Connection::send_data(Environment& env, std::uint32_t offset, std::uint32_t count) noexcept {
    const bool last = offset + count == down_.size();
    Segment segment;
    segment.sequence = snd_una_ + offset;
    segment.acknowledgment = rcv_nxt_;
    segment.flags = static_cast<std::uint8_t>(flag::ack | (last && count > 0 ? flag::psh : 0) | (last && stream_ended_ ? flag::fin : 0));
    segment.window = window_field(env.up_blocks, false);
    segment.payload = down_.peek(env.down_blocks, offset, count);
    segment.mss = mss_;
    const bool again = before(segment.sequence, snd_max_);
    const std::uint32_t end = segment.sequence + count + (last && stream_ended_ ? 1 : 0);
    if (again) ++env.counters.retransmissions;
    if (after(end, snd_nxt_)) snd_nxt_ = end;
    if (after(end, snd_max_)) snd_max_ = end;
    if (last && stream_ended_) fin_sent_ = true;
    if (!timing_ && !again) {
        timing_ = true;
        timed_ = end;
        timed_at_ = env.now;
    } else if (timing_ && again && !before(timed_, segment.sequence)) {
        timing_ = false; // an answer would be ambiguous (Karn)
    }
    ack_due_ = false;
    env.sink.send(segment);
}

void Connection::retransmit_first(Environment& env) noexcept {
    const std::uint32_t count = std::min(down_.size(), std::uint32_t{mss_});
    if (count > 0 || stream_ended_) send_data(env, 0, count);
}

void Connection::flush(Environment& env) noexcept {
    if (ack_due_) send_acknowledgment(env);
}

/// With a number that the container takes whatever it has: behind all that was ever sent, though a timeout may have gone back, and
/// within its window, though a probe may be out. Two that have gone back behind what the other has would never hear each other.
void Connection::send_acknowledgment(Environment& env) noexcept {
    const std::uint32_t edge = snd_una_ + snd_wnd_;
    send_control(env, flag::ack, before(edge, snd_max_) ? edge : snd_max_);
}

void Connection::send_control(Environment& env, std::uint8_t flags, std::uint32_t sequence) noexcept {
    const bool syn = (flags & flag::syn) != 0;
    Segment segment;
    segment.sequence = sequence;
    segment.flags = flags;
    segment.acknowledgment = (flags & flag::ack) != 0 ? rcv_nxt_ : 0;
    segment.window = window_field(env.up_blocks, syn);
    segment.mss = mss_;
    if (syn) {
        segment.options.mss = link_mss_;
        if (rcv_scale_ != 0) segment.options.window_scale = rcv_scale_;
    }
    ack_due_ = false;
    env.sink.send(segment);
}

void Connection::send_reset(Environment& env, std::uint32_t sequence) noexcept {
    Segment segment;
    segment.sequence = sequence;
    segment.acknowledgment = rcv_nxt_;
    segment.flags = flag::rst | flag::ack;
    env.sink.send(segment);
}

/// What is advertised, and with it the edge that holds from now on.
std::uint16_t Connection::window_field(const BlockPool& pool, bool syn) noexcept {
    const std::uint8_t scale = syn ? 0 : rcv_scale_;
    const std::uint32_t field = std::min(receive_window(pool) >> scale, std::uint32_t{0xffff});
    const std::uint32_t edge = rcv_nxt_ + (field << scale);
    if (after(edge, rcv_edge_)) rcv_edge_ = edge;
    return static_cast<std::uint16_t>(field);
}

} // namespace netstack::tcp
