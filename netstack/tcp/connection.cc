// Birth and end of a connection; see netstack/tcp/connection.h.
#include "netstack/tcp/connection.h"

#include "netstack/tcp/limits.h"
#include "netstack/tcp/sequence.h"

#include <algorithm>

namespace netstack::tcp {

namespace flag = wire::tcp_flag;

void Connection::accept(const wire::TcpView& syn, std::uint32_t iss, std::uint16_t mss) noexcept {
    *this = {};
    phase_ = Phase::connecting;
    iss_ = snd_una_ = snd_nxt_ = snd_max_ = iss;
    rcv_nxt_ = rcv_edge_ = syn.header().sequence + 1;
    snd_wnd_ = syn.header().window; // never scaled in a SYN (RFC 7323, 2.2)
    snd_wl1_ = syn.header().sequence;
    snd_wl2_ = iss;
    mss_ = link_mss_ = std::min<std::uint16_t>(mss, largest_burst);
    take_options(syn.options());
}

void Connection::take_options(const wire::TcpOptions& options) noexcept {
    mss_ = std::clamp(options.mss.value_or(default_mss), smallest_mss, mss_);
    if (!options.window_scale) return;
    snd_scale_ = *options.window_scale;
    rcv_scale_ = our_scale;
}

void Connection::host_connected(Environment& env) noexcept {
    if (phase_ != Phase::connecting) return;
    phase_ = Phase::syn_received;
    send_control(env, flag::syn | flag::ack, iss_);
    snd_nxt_ = snd_max_ = iss_ + 1;
    arm(env);
}

void Connection::refuse(Environment& env) noexcept {
    if (phase_ != Phase::connecting) return;
    send_reset(env, 0); // what answers a SYN that nobody listens for (RFC 9293 3.10.7.1)
    end(env, Ended::refused);
}

void Connection::open(Environment& env, std::uint32_t iss, std::uint16_t mss) noexcept {
    *this = {};
    phase_ = Phase::syn_sent;
    mss_ = link_mss_ = std::min<std::uint16_t>(mss, largest_burst);
    rcv_scale_ = our_scale; // offered; without an answer it is taken back
    iss_ = snd_una_ = snd_nxt_ = iss;
    send_control(env, flag::syn, iss_);
    snd_nxt_ = snd_max_ = iss_ + 1;
    arm(env);
}

void Connection::stream_ready(Environment& env) noexcept {
    if (phase_ != Phase::open) return;
    drain_up(env);
    fill_down(env);
    output(env);
    end_if_done(env);
}

void Connection::abort(Environment& env) noexcept {
    switch (phase_) {
    case Phase::closed:
    case Phase::lingering: break;
    case Phase::connecting: return refuse(env);
    default: send_reset(env, snd_max_);
    }
    end(env, Ended::reset);
}

void Connection::release(BlockPool& up_blocks, BlockPool& down_blocks) noexcept {
    up_.drop(up_blocks);
    down_.drop(down_blocks);
}

bool Connection::makes_room_for(const wire::TcpHeader& syn) const noexcept {
    return phase_ == Phase::closed || (phase_ == Phase::lingering && after(syn.sequence, rcv_nxt_ - 1));
}

void Connection::end(Environment& env, Ended why) noexcept {
    release(env.up_blocks, env.down_blocks);
    phase_ = Phase::closed;
    ended_ = why;
    deadline_ = 0;
    ack_due_ = starved_ = false;
}

/// Both directions have ended and both sides know.
void Connection::end_if_done(Environment& env) noexcept {
    if (phase_ != Phase::open || !finished_ || !fin_acknowledged()) return;
    if (!closes_first_) {
        flush(env); // theirs
        return end(env, Ended::done);
    }
    release(env.up_blocks, env.down_blocks);
    phase_ = Phase::lingering;
    deadline_ = env.now + linger_ms;
}

} // namespace netstack::tcp
