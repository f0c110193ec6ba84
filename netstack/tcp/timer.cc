// The one timer of a connection: retransmission, probe of a closed window, TIME-WAIT; see netstack/tcp/connection.h.
#include "netstack/tcp/connection.h"

#include "netstack/tcp/limits.h"
#include "netstack/tcp/sequence.h"

#include <algorithm>
#include <cstdlib>

namespace netstack::tcp {

namespace flag = wire::tcp_flag;

/// RFC 6298 (5.1) to (5.3). Without anything in flight the timer runs only for data that the window keeps here.
void Connection::arm(Environment& env) noexcept {
    const bool waits = in_flight() > 0 || down_.size() > 0;
    deadline_ = waits && phase_ != Phase::connecting ? env.now + rto_ : 0;
}

void Connection::measure_round_trip(std::int64_t now) noexcept {
    timing_ = false;
    const auto sample = static_cast<std::int32_t>(std::clamp<std::int64_t>(now - timed_at_, 0, largest_rto_ms));
    if (srtt_ == 0) {
        srtt_ = static_cast<std::uint32_t>(std::max(sample, 1)) * 8;
        rttvar_ = static_cast<std::uint32_t>(sample) * 2;
    } else { // RFC 6298 (2.3) with alpha 1/8 and beta 1/4, in Jacobson's scaled integers
        const std::int32_t error = sample - static_cast<std::int32_t>(srtt_ / 8);
        srtt_ = static_cast<std::uint32_t>(std::max(static_cast<std::int32_t>(srtt_) + error, 1));
        rttvar_ += static_cast<std::uint32_t>(std::abs(error)) - rttvar_ / 4;
    }
    compute_rto();
}

void Connection::compute_rto() noexcept {
    rto_ = srtt_ == 0 ? first_rto_ms : std::clamp(srtt_ / 8 + std::max(rttvar_, std::uint32_t{1}), smallest_rto_ms, largest_rto_ms);
}

void Connection::back_off() noexcept { rto_ = std::min(rto_ * 2, largest_rto_ms); }

void Connection::timer_fired(Environment& env) noexcept {
    deadline_ = 0;
    if (phase_ == Phase::lingering) return end(env, Ended::done);
    if (phase_ == Phase::closed || phase_ == Phase::connecting) return;
    const bool handshake = phase_ != Phase::open;
    if (attempts_ >= (handshake ? most_syn_attempts : most_attempts)) {
        send_reset(env, snd_max_);
        return end(env, Ended::timed_out);
    }
    ++attempts_;
    back_off();
    timing_ = false;
    if (handshake) {
        ++env.counters.retransmissions;
        send_control(env, phase_ == Phase::syn_sent ? flag::syn : static_cast<std::uint8_t>(flag::syn | flag::ack), iss_);
        return arm(env);
    }
    if (snd_wnd_ == 0 && down_.size() > 0) { // the probe, new or again
        send_data(env, 0, 1);
    } else if (in_flight() > 0) {
        ++env.counters.timeouts;
        ssthresh_ = std::max(in_flight() / 2, std::uint32_t{2} * mss_);
        cwnd_ = mss_;
        recover_ = snd_max_;
        recovering_ = false;
        duplicates_ = 0;
        snd_nxt_ = snd_una_;
        fin_sent_ = false;
        output(env);
    } else {
        output(env);
    }
    arm(env);
}

} // namespace netstack::tcp
