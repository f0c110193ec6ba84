// What a container may send, which is anything: frames that are nearly right, and conversations nobody would hold.
//
// Random, from a fixed seed, CTL_HOSTILE_RUNS of each (20000): a slice of what the long suite does (meson test --suite long). Built with
// sanitizers every byte outside is seen; without them std::span's own checks are.
#include "tests/unit/netstack/tcp_world.h"

#include "netstack/dns/message.h"
#include "netstack/wire/checksum.h"
#include "netstack/reassembly.h"
#include "netstack/wire/ethernet.h"
#include "netstack/wire/icmp.h"
#include "netstack/wire/ip.h"
#include "netstack/wire/udp.h"
#include "netstack/wire/vnet.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <random>

using namespace tcp_world;
using namespace netstack::wire;
namespace flag = tcp_flag;

namespace {

long runs() {
    const char* const text = std::getenv("CTL_HOSTILE_RUNS");
    return text != nullptr ? std::atol(text) : 20'000;
}

using Random = std::minstd_rand;
std::uint32_t below(Random& random, std::uint32_t bound) { return static_cast<std::uint32_t>(random() >> 4) % bound; }

using Frame = std::vector<std::byte>;

const Address container_v4 = Address::v4(0x0a580002), other_v4 = Address::v4(0xc0000201);

/// A right one: its kinds are what a container sends.
Frame good_frame(Random& random) {
    Frame frame(vnet_length + ethernet_length + 20 + 60);
    const std::size_t ip_at = vnet_length + ethernet_length;
    build_vnet(frame, {});
    const std::uint32_t kind = below(random, 4);
    build_ethernet(MutableBytes(frame).subspan(vnet_length), {}, {}, kind == 0 ? ethertype_arp : ethertype_ipv4);
    if (kind == 0) {
        build_arp(MutableBytes(frame).subspan(ip_at), {ArpView::request, {}, container_v4, {}, other_v4});
        return frame;
    }
    const std::uint8_t protocol = kind == 1 ? protocol_tcp : kind == 2 ? protocol_udp : protocol_icmp;
    build_ip(MutableBytes(frame).subspan(ip_at), {container_v4, other_v4, protocol, 64, frame.size() - ip_at - 20});
    const MutableBytes transport = MutableBytes(frame).subspan(ip_at + 20);
    if (kind == 1) build_tcp(transport, {40000, 80, 1, 2, flag::syn, 1000}, {1460, 7});
    if (kind == 2) build_udp(transport, 40000, 53, transport.size() - udp_length);
    if (kind == 3) build_unreachable(transport, true, Unreachable::port, 0);
    return frame;
}

void spoil(Random& random, Frame& frame) {
    for (std::uint32_t changes = below(random, 5); changes > 0; --changes) {
        if (frame.empty()) return;
        switch (below(random, 4)) {
        case 0: frame[below(random, static_cast<std::uint32_t>(frame.size()))] = static_cast<std::byte>(random() >> 8); break;
        case 1: frame.resize(below(random, static_cast<std::uint32_t>(frame.size()) + 1)); break;
        case 2: frame.resize(frame.size() + below(random, 100)); break;
        default: frame[below(random, static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), 60)))] ^= std::byte{1}; break;
        }
    }
}

/// Where `part` is, it is inside of `whole`.
bool lies_within(Bytes part, Bytes whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// Everything that the stack would look at.
void read_transport(const IpView& packet) {
    if (const auto tcp = TcpView::parse(packet.payload())) {
        REQUIRE(lies_within(tcp->payload(), packet.payload()));
        const TcpOptions options = tcp->options();
        if (options.window_scale) REQUIRE(*options.window_scale <= 14);
    }
    if (const auto udp = UdpView::parse(packet.payload())) {
        REQUIRE(lies_within(udp->payload(), packet.payload()));
        if (const auto query = dns::Query::parse(udp->payload())) {
            REQUIRE(lies_within(query->question(), udp->payload()));
            REQUIRE(query->name().size() <= 255);
            std::array<std::byte, dns::largest_reply> reply;
            REQUIRE(dns::build_reply(reply, *query, dns::Code::refused) <= reply.size());
        }
        (void)dns::is_answer(udp->payload(), 1, udp->payload());
    }
    if (const auto icmp = IcmpView::parse(packet.payload())) {
        REQUIRE(lies_within(icmp->payload(), packet.payload()));
        (void)icmp->solicited();
    }
}

void read_frame(Reassembly& reassembly, const Frame& frame, std::int64_t now) {
    (void)parse_vnet(frame);
    if (frame.size() < vnet_length) return;
    const auto ethernet = EthernetView::parse(Bytes(frame).subspan(vnet_length));
    if (!ethernet) return;
    if (const auto arp = ArpView::parse(ethernet->payload())) (void)(arp->sender() == arp->target());
    const auto packet = IpView::parse(ethernet->payload());
    if (!packet) return;
    REQUIRE(lies_within(packet->packet(), ethernet->payload()));
    REQUIRE(lies_within(packet->payload(), packet->packet()));
    if (packet->fragment().is_whole()) return read_transport(*packet);
    if (const auto whole = reassembly.add(*packet, now)) read_transport(*whole);
}

/// A question for a name, mostly.
Frame dns_query(Random& random) {
    Frame message(12);
    message[2] = std::byte{1}; // recursion desired
    message[5] = std::byte{1}; // one question
    for (std::uint32_t labels = below(random, 6); labels > 0; --labels) {
        const std::uint32_t length = below(random, 66);
        message.push_back(static_cast<std::byte>(length));
        for (std::uint32_t i = 0; i < length; ++i) message.push_back(static_cast<std::byte>('a' + below(random, 26)));
    }
    for (const int byte : {0, 0, 1, 0, 1}) message.push_back(static_cast<std::byte>(byte));
    return message;
}

/// Byte `i` of what a side says.
char said(std::uint32_t side, std::size_t i) { return static_cast<char>('a' + (i * 7 + i / 26 + side) % 26); }
std::string said(std::uint32_t side, std::size_t from, std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i) text[i] = said(side, from + i);
    return text;
}

/// One connection whose container sends segments as they come to mind. What it says at a sequence number is always the same, so
/// whatever the host gets must be that, in order; and whatever the container gets must be what the host said.
class Conversation {
public:
    explicit Conversation(Random& random) : random_(random), end_(std::make_unique<End>()) {
        const Packet syn = packet({40000, 80, theirs_, 0, flag::syn, window()}, {}, {{}, below(random_, 2) == 0 ? std::optional<std::uint8_t>() : 7});
        end_->connection.accept(syn.view(), ours_, 1460);
        if (below(random_, 8) == 0) end_->stream.room = below(random_, 5000);
    }

    void run() {
        for (int step = 0; step < 60 && end_->connection.ended() == tcp::Ended::no; ++step) {
            auto env = end_->env();
            act(env);
            check();
        }
        end_->connection.release(end_->up, end_->down);
        REQUIRE(end_->up.out() == 0);
        REQUIRE(end_->down.out() == 0);
    }

private:
    std::uint16_t window() { return static_cast<std::uint16_t>(below(random_, 3) == 0 ? below(random_, 10) : below(random_, 65536)); }

    void act(tcp::Environment& env) {
        switch (below(random_, 10)) {
        case 0: return end_->connection.host_connected(env);
        case 1: {
            const std::size_t more = below(random_, 6000);
            end_->stream.incoming += said(1, host_said_, more);
            host_said_ += more;
            end_->stream.incoming_ended = below(random_, 20) == 0;
            return end_->connection.stream_ready(env);
        }
        case 2:
            end_->stream.room = below(random_, 2) == 0 ? SIZE_MAX : below(random_, 3000);
            return end_->connection.stream_ready(env);
        case 3: return end_->connection.flush(env);
        case 4:
            if (end_->connection.deadline() == 0) return;
            end_->now = std::max(end_->now, end_->connection.deadline());
            env.now = end_->now;
            return end_->connection.timer_fired(env);
        case 5:
            end_->stream.broken = below(random_, 200) == 0;
            return end_->connection.stream_ready(env);
        default: return segment(env);
        }
    }

    void segment(tcp::Environment& env) {
        const std::size_t from = below(random_, 3) == 0 ? below(random_, length_) : std::min<std::size_t>(end_->stream.written.size(), length_);
        const std::size_t count = std::min<std::size_t>(below(random_, 3000), length_ - from);
        std::uint8_t flags = below(random_, 20) == 0 ? static_cast<std::uint8_t>(below(random_, 64)) : flag::ack;
        if (from + count == length_ && below(random_, 2) == 0) flags |= flag::fin;
        else flags &= static_cast<std::uint8_t>(~flag::fin);
        const std::uint32_t acknowledged = below(random_, 10) == 0 ? static_cast<std::uint32_t>(random_()) : ours_ + 1 + below(random_, static_cast<std::uint32_t>(sent_ + 2));
        const Packet made = packet({40000, 80, static_cast<std::uint32_t>(theirs_ + 1 + from), acknowledged, flags, window()}, said(0, from, count));
        end_->connection.segment_arrived(env, made.view());
    }

    void check() {
        REQUIRE(end_->stream.written == said(0, 0, end_->stream.written.size()));
        REQUIRE(end_->stream.written.size() <= length_);
        for (const Sent& sent : end_->sink.sent) {
            if (sent.payload.empty()) continue;
            const std::size_t at = sent.sequence - ours_ - 1;
            REQUIRE(at + sent.payload.size() <= host_said_);
            REQUIRE(sent.payload == said(1, at, sent.payload.size()));
            sent_ = std::max(sent_, at + sent.payload.size());
        }
        end_->sink.sent.clear();
    }

    Random& random_;
    std::unique_ptr<End> end_;
    const std::uint32_t theirs_ = static_cast<std::uint32_t>(random_()), ours_ = static_cast<std::uint32_t>(random_());
    const std::uint32_t length_ = 1 + below(random_, 20'000); ///< of what the container says
    std::size_t host_said_ = 0;
    std::size_t sent_ = 0; ///< of it, to the container at least once
};

} // namespace

TEST_SUITE("netstack/hostile") {

TEST_CASE("frames that are nearly right are read within their bounds") {
    Random random(7);
    const auto reassembly = std::make_unique<Reassembly>();
    for (long run = 0; run < runs(); ++run) {
        Frame frame = good_frame(random);
        spoil(random, frame);
        read_frame(*reassembly, frame, run);
    }
}

TEST_CASE("questions to the name server that are nearly right") {
    Random random(11);
    for (long run = 0; run < runs(); ++run) {
        Frame message = dns_query(random);
        spoil(random, message);
        if (const auto query = dns::Query::parse(message)) {
            REQUIRE(lies_within(query->question(), message));
            std::array<std::byte, dns::largest_reply> reply;
            const std::size_t size = dns::build_address_reply(reply, *query, other_v4.wire());
            REQUIRE(size <= reply.size());
            REQUIRE(dns::is_answer(Bytes(reply).first(size), query->id(), query->question()));
        }
    }
}

TEST_CASE("whatever a container sends, both sides get what the other said, in order") {
    Random random(13);
    for (long run = 0; run < runs() / 20; ++run) Conversation(random).run();
}

} // TEST_SUITE
