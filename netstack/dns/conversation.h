// A connection of the container's with the name server over TCP (RFC 1035, 4.2.2; RFC 7766), as the stream behind a tcp::Connection.
//
// A message for one of the engine's own names is answered here. Any other goes as it is to the first of this machine's servers that can
// be connected to and begins to answer within three seconds, and what that one says comes back as it is, also where it is more than one
// message (a zone transfer). After the last server the container hears SERVFAIL. Questions are taken one after the other: what follows
// waits in the connection's buffers. The server's connection is kept for the next question, as long as the server likes.
#pragma once

#include "base/unique_fd.h"
#include "netstack/dns/names.h"
#include "netstack/slab.h"
#include "netstack/surroundings.h"
#include "netstack/tcp/connection.h"
#include "netstack/timer_wheel.h"

#include <array>
#include <cstdint>

namespace netstack::dns {

class Conversation final : public tcp::Stream {
public:
    static constexpr std::int64_t patience_ms = 3000;
    static constexpr std::size_t largest_message = 4096; ///< of the container's; a larger one ends the connection

    /// Once. `token`: of the events of a server's socket.
    void begin(Surroundings& around, const Names& names, std::uint64_t token) noexcept;

    bool maybe_readable() const noexcept override;
    tcp::IoResult read(const tcp::Pieces<wire::MutableBytes>& into) noexcept override;
    tcp::IoResult write(const tcp::Pieces<wire::Bytes>& from) noexcept override;
    void finish() noexcept override;

    /// News of the server's socket.
    void server_ready() noexcept;
    /// When timed_out() is due, in milliseconds; 0: never.
    std::int64_t deadline() const noexcept { return deadline_; }
    void timed_out() noexcept;
    /// write() has refused something that it would take now.
    bool takes_more() const noexcept { return held_up_ && !is_busy(); }
    /// When the last question came.
    std::int64_t used() const noexcept { return used_; }

private:
    enum class Stage : std::uint8_t {
        listening, ///< to the container; a server may go on with what it has begun to say
        asking,    ///< the message is on its way to a server
        waiting,   ///< for the first byte of an answer
    };
    bool has_reply() const noexcept { return given_ < reply_size_; }
    bool is_amid() const noexcept { return left_ > 0 || length_size_ > 0; } ///< a message of the server's
    bool is_busy() const noexcept { return broken_ || stage_ != Stage::listening || has_reply() || is_amid(); }
    bool is_over() const noexcept { return finished_ && !is_busy() && !server_; }
    void take_message() noexcept;
    void reply(std::size_t size) noexcept;
    void ask() noexcept;
    bool connect_next() noexcept;
    void ask_next() noexcept;
    void give_up() noexcept;
    void server_speaks() noexcept;
    void server_ended() noexcept;
    void end_questions() noexcept;

    Surroundings* around_ = nullptr;
    const Names* names_ = nullptr;
    std::uint64_t token_ = 0;
    UniqueFd server_;
    std::int64_t deadline_ = 0;
    std::int64_t used_ = 0;
    std::uint32_t known_changes_ = 0; ///< of the list that server_ is from
    Stage stage_ = Stage::listening;
    bool readable_ = false;  ///< server_ may be
    bool finished_ = false;  ///< the container asks nothing more
    bool broken_ = false;
    bool held_up_ = false;
    std::uint8_t attempts_ = 0;      ///< servers asked
    std::uint8_t length_size_ = 0;   ///< bytes there are of length_
    std::array<std::byte, 2> length_{};
    std::uint16_t left_ = 0;         ///< bytes to come of the server's message
    std::uint16_t given_ = 0, reply_size_ = 0;
    std::array<std::byte, 2 + largest_reply> reply_{}; ///< ours, or the length of the server's
    std::uint16_t size_ = 0, sent_ = 0; ///< bytes of message_, and how many the server has
    std::array<std::byte, 2 + largest_message> message_; ///< the container's, with its length
};

/// All of them: who is which flow's.
class Conversations {
public:
    static constexpr std::uint32_t most = 64;

    Conversations(Surroundings& around, const Names& names) noexcept : around_(around), names_(names) {}

    /// 0 or errno. Once.
    [[nodiscard]] int reserve() noexcept;
    bool full() const noexcept { return all_.full(); }
    /// Of the flow that was asked nothing for longest.
    std::uint32_t quietest() noexcept;
    /// Not when full().
    std::uint16_t open(std::uint32_t flow, std::uint64_t token) noexcept;
    void close(std::uint16_t number) noexcept;
    Conversation& operator[](std::uint16_t number) noexcept { return all_[number].conversation; }
    /// After it was worked with.
    void settle(std::uint16_t number) noexcept;
    /// Calls `call(flow)` for each that has lost patience.
    template <class Call>
    void advance(Call call) noexcept {
        wheel_.advance(around_.now, [&](std::uint32_t number) noexcept {
            Conversation& conversation = all_[number].conversation;
            if (conversation.deadline() == 0 || conversation.deadline() > around_.now) return settle(static_cast<std::uint16_t>(number));
            conversation.timed_out();
            call(all_[number].flow);
        });
    }
    int wait_time() const noexcept { return wheel_.wait_time(around_.now); }

private:
    struct Entry {
        Conversation conversation;
        std::uint32_t flow = 0;
    };
    Surroundings& around_;
    const Names& names_;
    Slab<Entry> all_;
    TimerWheel wheel_;
};

} // namespace netstack::dns
