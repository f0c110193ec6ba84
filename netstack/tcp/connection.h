// One TCP connection between a container's kernel, behind a link, and a stream of the host's.
//
// Theory of operation
//
// Aims. The container's TCP and the host's are two loops, each with its own losses and speed; between them bytes are kept
// in bounded buffers and never lost: what is acknowledged to one side will reach the other unless a reset says otherwise.
// Refusal, half-close and reset look to the container as they would without us. Correct under loss, duplication, reordering,
// tiny windows and segments made to do harm, although a TAP does none of it by itself.
//
// Non-aims. Congestion control for a network (the link is memory), selective acknowledgments, time stamps, urgent data (its
// bytes are passed on in line, both ways: RFC 6093).
//
// Actors. The owner (the stack, or a simulator) hands in segments, the time and the news of its stream, and owns the timer:
// after every call it looks at deadline() and ended(). Output goes to a SegmentSink. There is no clock and no descriptor
// here, and no allocation: a block for a ring comes from the pool.
//
//   container ──segment──▶ [write at once │ up: what the stream did not take]   ──▶ Stream
//             ◀──segment── [down: sent and not acknowledged │ not yet sent]     ◀── Stream
//
// States. RFC 9293's eleven are a phase and two ends:
//   connecting    SYN seen, the host's connect is on its way. Nothing is sent: the container repeats its SYN meanwhile.
//   syn_received  SYN-ACK sent, because the host has connected.
//   syn_sent      our SYN sent, for a client of the host (inbound).
//   open          ESTABLISHED; with fin_received_ CLOSE-WAIT, with fin_sent_ FIN-WAIT-1 and -2, with both CLOSING or LAST-ACK.
//   lingering     TIME-WAIT, for a moment only: no network delays our segments.
//   closed        for the owner to take away; ended() says why.
//
// Up. Segments in order go to the stream within the call; the rest of a partial write is staged. The window advertised is
// the staging space that is free, less for a slow stream (backlog.h), and its right edge never moves back. What is out of order is kept at its place in the staging
// ring, which has room for all that was promised, until the gap is closed; in up to 64 pieces, and not while hundreds of other
// connections need blocks. One acknowledgment for a batch of segments, at flush(), but at once for one behind or into a gap.
//
// Down. Bytes are read into the ring as space allows and sent at once as far as the container's window goes; they stay until
// acknowledged. The congestion window is without limit until something is lost; from then on RFC 5681 and NewReno (RFC 6582)
// hold. Retransmission after three duplicates, or the timeout of RFC 6298 (200 ms at least, one timed segment, Karn's rule).
// A closed window is probed with one byte, with the same timer.
//
// Limits. The window is up to 512 KiB up and 1 MiB down, less when many connections have data on the way. 15 timeouts in a
// row without any word from the container end a connection.
//
// Failure story. Stream broken: RST to the container. RST from the container: the owner resets the stream. Segments outside
// of the window are answered as RFC 9293 3.10.7.4 and RFC 5961 say, and have no effect.
#pragma once

#include "netstack/tcp/backlog.h"
#include "netstack/tcp/counters.h"
#include "netstack/tcp/held_ranges.h"
#include "netstack/tcp/ring.h"
#include "netstack/wire/tcp.h"

#include <cstdint>

namespace netstack::tcp {

/// One segment to be sent; ports, addresses and checksum are the sink's. A payload larger than `mss` is to be cut up.
struct Segment {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgment = 0;
    std::uint8_t flags = 0;
    std::uint16_t window = 0; ///< as on the wire
    wire::TcpOptions options;
    Pieces<wire::Bytes> payload;
    std::uint16_t mss = 0;
};

class SegmentSink {
public:
    virtual void send(const Segment& segment) noexcept = 0;

protected:
    ~SegmentSink() = default;
};

enum class Io : std::uint8_t {
    done,    ///< `count` bytes, more than none
    blocked, ///< nothing until the owner calls stream_ready()
    ended,   ///< read only: the other side will send nothing more
    failed,  ///< the stream is broken
};
struct IoResult {
    Io state;
    std::uint32_t count = 0;
};

/// The host's side. Nothing blocks.
class Stream {
public:
    /// Whether read() may have something: asked before a buffer is taken for it.
    virtual bool maybe_readable() const noexcept = 0;
    virtual IoResult read(const Pieces<wire::MutableBytes>& into) noexcept = 0;
    virtual IoResult write(const Pieces<wire::Bytes>& from) noexcept = 0;
    /// Everything is written.
    virtual void finish() noexcept = 0;

protected:
    ~Stream() = default;
};

/// What a connection works with, for the length of one call.
struct Environment {
    SegmentSink& sink;
    Stream& stream;
    BlockPool& up_blocks;
    BlockPool& down_blocks;
    Counters& counters;
    std::int64_t now; ///< milliseconds
};

enum class Ended : std::uint8_t { no, done, reset, refused, timed_out };

class Connection {
public:
    /// The container's SYN; `iss` is our first sequence number, `mss` what the link carries.
    void accept(const wire::TcpView& syn, std::uint32_t iss, std::uint16_t mss) noexcept;
    /// The host has connected: SYN-ACK.
    void host_connected(Environment& env) noexcept;
    /// The host's connect was refused: RST.
    void refuse(Environment& env) noexcept;
    /// A client of the host wants the container: SYN.
    void open(Environment& env, std::uint32_t iss, std::uint16_t mss) noexcept;

    void segment_arrived(Environment& env, const wire::TcpView& segment) noexcept;
    /// The stream may have become readable or writable.
    void stream_ready(Environment& env) noexcept;
    void timer_fired(Environment& env) noexcept;
    /// Sends the acknowledgment that is due; at the end of a batch.
    void flush(Environment& env) noexcept;
    /// RST to the container, unless it has ended.
    void abort(Environment& env) noexcept;
    /// Returns the buffers; before the connection is thrown away.
    void release(BlockPool& up_blocks, BlockPool& down_blocks) noexcept;

    /// When timer_fired() is due, in the environment's milliseconds; 0: never.
    std::int64_t deadline() const noexcept { return deadline_; }
    Ended ended() const noexcept { return ended_; }
    bool is_connecting() const noexcept { return phase_ == Phase::connecting; }
    bool is_open() const noexcept { return phase_ == Phase::open; }
    /// The stream is done with in both directions.
    bool needs_stream() const noexcept { return phase_ != Phase::lingering && phase_ != Phase::closed; }
    /// The container's first sequence number, while is_connecting(): what an ICMP error about its SYN quotes.
    std::uint32_t first_sequence() const noexcept { return rcv_nxt_ - 1; }
    bool needs_flush() const noexcept { return ack_due_; }
    /// A SYN that begins something new where this is over (RFC 9293 3.10.7.4, TIME-WAIT).
    bool makes_room_for(const wire::TcpHeader& syn) const noexcept;
    /// Waits for a block of the pool: stream_ready() is due when one may be there.
    bool is_starved() const noexcept { return starved_; }

private:
    enum class Phase : std::uint8_t { closed, connecting, syn_received, syn_sent, open, lingering };

    // receive.cc
    void arrived_in_syn_sent(Environment& env, const wire::TcpView& segment) noexcept;
    bool check_sequence(Environment& env, const wire::TcpView& segment) noexcept;
    bool check_reset(Environment& env, const wire::TcpHeader& header) noexcept;
    bool check_handshake(Environment& env, const wire::TcpHeader& header) noexcept;
    void take_options(const wire::TcpOptions& options) noexcept;
    void take_payload(Environment& env, wire::Bytes payload, std::uint32_t sequence, bool fin) noexcept;
    std::uint32_t deliver(Environment& env, wire::Bytes payload) noexcept;
    void hold(Environment& env, wire::Bytes payload, std::uint32_t sequence, bool fin) noexcept;
    void follow_up(Environment& env) noexcept;
    void take_fin(Environment& env) noexcept;
    void advance_to(std::uint32_t next) noexcept;
    Held* held(const BlockPool& pool) const noexcept;
    void drain_up(Environment& env) noexcept;
    void finish_up(Environment& env) noexcept;
    std::uint32_t staging_space(const BlockPool& pool) const noexcept;
    std::uint32_t receive_window(const BlockPool& pool) const noexcept;

    // send.cc
    void take_acknowledgment(Environment& env, const wire::TcpHeader& header, bool bare) noexcept;
    void acknowledged(Environment& env, std::uint32_t acknowledgment) noexcept;
    void duplicate_acknowledgment(Environment& env) noexcept;
    void fill_down(Environment& env) noexcept;
    void output(Environment& env) noexcept;
    std::uint32_t next_size(std::uint32_t offset) const noexcept;
    void send_data(Environment& env, std::uint32_t offset, std::uint32_t count) noexcept;
    void retransmit_first(Environment& env) noexcept;
    void send_acknowledgment(Environment& env) noexcept;
    void send_control(Environment& env, std::uint8_t flags, std::uint32_t sequence) noexcept;
    void send_reset(Environment& env, std::uint32_t sequence) noexcept;
    std::uint16_t window_field(const BlockPool& pool, bool syn) noexcept;
    std::uint32_t in_flight() const noexcept { return snd_max_ - snd_una_; }
    bool fin_acknowledged() const noexcept { return fin_sent_ && snd_una_ == snd_max_ && down_.size() == 0; }

    // timer.cc
    void arm(Environment& env) noexcept;
    void measure_round_trip(std::int64_t now) noexcept;
    void compute_rto() noexcept;
    void back_off() noexcept;

    // connection.cc
    void end(Environment& env, Ended why) noexcept;
    void end_if_done(Environment& env) noexcept;

    Ring up_;   ///< to the stream
    Backlog backlog_; ///< limits up_
    Ring down_; ///< from the stream; begins at snd_una_
    std::int64_t deadline_ = 0;
    std::int64_t timed_at_ = 0;   ///< when timed_ was sent
    std::uint32_t iss_ = 0;
    std::uint32_t snd_una_ = 0;   ///< oldest unacknowledged
    std::uint32_t snd_nxt_ = 0;   ///< next to send; goes back after a timeout
    std::uint32_t snd_max_ = 0;   ///< next to send for the first time
    std::uint32_t snd_wnd_ = 0;   ///< bytes
    std::uint32_t snd_wl1_ = 0;   ///< sequence and
    std::uint32_t snd_wl2_ = 0;   ///< acknowledgment of the last window update
    std::uint32_t rcv_nxt_ = 0;
    std::uint32_t rcv_edge_ = 0;  ///< right edge of the window as advertised
    std::uint32_t cwnd_ = UINT32_MAX;
    std::uint32_t ssthresh_ = UINT32_MAX;
    std::uint32_t recover_ = 0;   ///< snd_max_ at the last loss
    std::uint32_t timed_ = 0;     ///< end of the timed segment
    std::uint32_t srtt_ = 0;      ///< milliseconds × 8; 0: no sample yet
    std::uint32_t rttvar_ = 0;    ///< milliseconds × 4
    std::uint32_t rto_ = 1000;    ///< milliseconds
    std::uint16_t mss_ = 536;     ///< what the container takes (RFC 9293 3.7.1)
    std::uint16_t link_mss_ = 536; ///< what we take
    std::uint8_t snd_scale_ = 0;
    std::uint8_t rcv_scale_ = 0;
    std::uint8_t duplicates_ = 0;
    std::uint8_t attempts_ = 0;   ///< timeouts since the container was last heard
    Phase phase_ = Phase::closed;
    Ended ended_ = Ended::no;
    bool timing_ : 1 = false;
    bool recovering_ : 1 = false;
    bool ack_due_ : 1 = false;
    bool stream_ended_ : 1 = false;  ///< read() has said so: FIN after what is in down_
    bool fin_sent_ : 1 = false;      ///< snd_nxt_ is behind our FIN
    bool fin_received_ : 1 = false;  ///< rcv_nxt_ is behind theirs
    bool finished_ : 1 = false;      ///< and the stream was told so
    bool starved_ : 1 = false;
    bool syn_repeated_ : 1 = false;  ///< at once, because an answer was of another connection
    bool closes_first_ : 1 = false;  ///< our FIN was out before theirs came: TIME-WAIT is ours
};

} // namespace netstack::tcp
