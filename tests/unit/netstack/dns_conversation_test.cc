// Questions over TCP: answered here, by the first server that answers, or by nobody; with servers on the loopback.
#include "netstack/dns/conversation.h"

#include "tests/unit/netstack/forward_world.h"
#include "tests/unit/netstack/hostile_frames.h"
#include "tests/unit/netstack/tcp_world.h"

#include <doctest/doctest.h>

#include <memory>

using namespace netstack;
using namespace netstack::dns;
using forwarding::accept_from;
using forwarding::Bound;
using forwarding::listen_on;
using tcp_world::as_bytes;
using tcp_world::text_of;

namespace {

class NoLink final : public Link {
public:
    ssize_t read(wire::MutableBytes) noexcept override { return 0; }
    bool write(std::span<const iovec>) noexcept override { return true; }
};

std::string with_length(const std::string& message) {
    return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} + message;
}
/// A question for the IPv4 address of a name of one label.
std::string question(const std::string& name, char id = 1) {
    return with_length(std::string{0, id} + std::string("\1\0\0\1\0\0\0\0\0\0", 10) + static_cast<char>(name.size()) + name + std::string("\0\0\1\0\1", 5));
}
/// What a server says that knows `question` only by its bytes.
std::string answer_to(const std::string& question, const std::string& more = {}) {
    std::string message = question.substr(2) + more;
    message[2] |= static_cast<char>(0x80);
    return with_length(message);
}

/// A container's end, and a list of servers on the loopback.
class World {
public:
    explicit World(const std::vector<std::uint16_t>& ports) {
        for (const std::uint16_t port : ports) servers_.servers[servers_.count++] = SocketName(wire::Address::v4(INADDR_LOOPBACK), port);
        names_ = std::make_unique<Names>(servers_, std::vector<LocalName>{{"here", wire::Address::v4(0x0a580002)}});
        around_.now = 1000;
        REQUIRE(loop_.open() == 0);
        talk_.begin(around_, *names_, 7);
    }
    tcp::IoResult say(const std::string& bytes) { return talk_.write({as_bytes(bytes), {}}); }
    /// All that can be read now; events of the servers first, for at most `wait` milliseconds.
    std::string hear(int wait = 0) {
        for (const auto& event : loop_.wait(wait)) {
            CHECK(event.data.u64 == 7);
            talk_.server_ready();
        }
        std::string heard;
        std::array<std::byte, 1000> room;
        while (talk_.maybe_readable()) {
            const tcp::IoResult result = talk_.read({room, {}});
            state = result.state;
            if (result.state != tcp::Io::done) break;
            heard += text_of(wire::Bytes(room).first(result.count));
        }
        return heard;
    }
    std::string hear_at_least(std::size_t size) {
        std::string heard;
        for (int i = 0; i < 100 && heard.size() < size; ++i) heard += hear(50);
        return heard;
    }
    /// The conversation's clock goes on to its deadline.
    void wait_out() {
        REQUIRE(talk_.deadline() > 0);
        around_.now = talk_.deadline();
        talk_.timed_out();
    }

    NoLink link_;
    Counters counters_;
    EventLoop loop_;
    FrameWriter frames_{link_, {}, {}, counters_};
    Policy policy_{default_special_addresses(), {}};
    Surroundings around_{frames_, loop_, policy_, counters_, 1500};
    ServerList servers_;
    std::unique_ptr<Names> names_;
    Conversation talk_;
    tcp::Io state = tcp::Io::blocked;
};

/// A port that nobody listens on.
std::uint16_t closed_port() { return listen_on("127.0.0.1").port; }

std::string receive(int fd, std::size_t size) {
    std::string text(size, '\0');
    REQUIRE(::recv(fd, text.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size));
    return text;
}
void send_text(int fd, const std::string& text) { REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())); }

int code_of(const std::string& reply) { return reply.at(5) & 15; }

} // namespace

TEST_SUITE("netstack/dns/conversation") {

TEST_CASE("a name of the engine's own is answered at once, also in pieces, and the next question when that is out") {
    World world({closed_port()});
    const std::string both = question("here", 1) + question("HERE", 2);
    std::size_t at = 0;
    for (; at < question("here").size(); ++at) CHECK(world.say(both.substr(at, 1)).count == 1);
    CHECK(world.say(both.substr(at)).state == tcp::Io::blocked);
    CHECK_FALSE(world.talk_.takes_more());
    for (char id = 1; id <= 2; ++id) {
        const std::string reply = world.hear();
        CHECK(reply.size() == question("here").size() + 16);
        CHECK(reply[3] == id);
        CHECK(reply.substr(reply.size() - 4) == std::string("\x0a\x58\0\2", 4));
        if (id == 2) break;
        CHECK(world.talk_.takes_more());
        CHECK(world.say(both.substr(at)).state == tcp::Io::done);
    }
    CHECK(world.counters_.names.questions == 2);
    CHECK(world.counters_.names.answered_here == 2);
}

TEST_CASE("other questions go to the server as they are, over one connection, and so do its answers") {
    const Bound server = listen_on("127.0.0.1");
    World world({server.port});
    const std::string first = question("there", 1), second = question("elsewhere", 2);
    CHECK(world.say(first).count == first.size());
    const UniqueFd peer = accept_from(server.fd);
    (void)world.hear(50);
    CHECK(receive(peer.get(), first.size()) == first);
    CHECK(world.say(question("here")).state == tcp::Io::blocked); // one after the other
    const std::string large = answer_to(first, std::string(30'000, 'x'));
    send_text(peer.get(), large);
    CHECK(world.hear_at_least(large.size()) == large);
    CHECK(world.talk_.takes_more());
    CHECK(world.talk_.deadline() == 0);
    CHECK(world.say(second).count == second.size());
    CHECK(receive(peer.get(), second.size()) == second);
    send_text(peer.get(), answer_to(second) + answer_to(second)); // a zone transfer has several
    CHECK(world.hear_at_least(2 * answer_to(second).size()) == answer_to(second) + answer_to(second));
}

TEST_CASE("the next server is asked where one refuses, ends without an answer, or is silent") {
    const Bound ends = listen_on("127.0.0.1"), is_silent = listen_on("127.0.0.1");
    const std::string asked = question("there");
    World world({closed_port(), ends.port, is_silent.port});
    CHECK(world.say(asked).state == tcp::Io::done);
    (void)world.hear(50);
    accept_from(ends.fd).reset();
    (void)world.hear(50);
    const UniqueFd silent = accept_from(is_silent.fd);
    CHECK(world.hear(20).empty());
    CHECK(receive(silent.get(), asked.size()) == asked);
    world.wait_out();
    const std::string reply = world.hear();
    CHECK(code_of(reply) == 2); // SERVFAIL
    CHECK(reply.substr(14) == asked.substr(14));
    CHECK(world.counters_.names.failed == 1);
    CHECK(world.say(question("here")).state == tcp::Io::done); // the conversation goes on
    CHECK(code_of(world.hear()) == 0);
}

TEST_CASE("a server that breaks off amid its answer breaks the conversation") {
    const Bound server = listen_on("127.0.0.1"), other = listen_on("127.0.0.1");
    World world({server.port, other.port});
    REQUIRE(world.say(question("there")).state == tcp::Io::done);
    UniqueFd peer = accept_from(server.fd);
    (void)world.hear(50);
    const std::string all = answer_to(question("there"), std::string(100, 'x'));
    send_text(peer.get(), all.substr(0, 50));
    CHECK(world.hear_at_least(50) == all.substr(0, 50));
    peer.reset();
    for (int i = 0; i < 100 && world.state != tcp::Io::failed; ++i) (void)world.hear(50);
    CHECK(world.state == tcp::Io::failed);
    CHECK(world.say(question("here")).state == tcp::Io::failed);
}

TEST_CASE("a server that has ended meanwhile is connected to again, and one that is no more in the list is left") {
    const Bound server = listen_on("127.0.0.1"), other = listen_on("127.0.0.1");
    World world({server.port});
    for (int round = 0; round < 2; ++round) {
        REQUIRE(world.say(question("there")).state == tcp::Io::done);
        (void)world.hear(50); // the second time it learns that it speaks to nobody
        const UniqueFd peer = accept_from(server.fd);
        (void)world.hear(50);
        (void)receive(peer.get(), question("there").size());
        send_text(peer.get(), answer_to(question("there")));
        CHECK(world.hear_at_least(10) == answer_to(question("there")));
        if (round == 0) continue; // gone here
        ServerList list;
        list.servers[list.count++] = SocketName(wire::Address::v4(INADDR_LOOPBACK), other.port);
        world.names_->ask_others(list);
        REQUIRE(world.say(question("there")).state == tcp::Io::done);
        (void)accept_from(other.fd);
    }
}

TEST_CASE("the end of the questions is the end of the conversation once all is answered") {
    const Bound server = listen_on("127.0.0.1");
    World world({server.port});
    REQUIRE(world.say(question("there")).state == tcp::Io::done);
    world.talk_.finish();
    UniqueFd peer = accept_from(server.fd);
    (void)world.hear(50);
    send_text(peer.get(), answer_to(question("there")));
    CHECK(world.hear_at_least(10) == answer_to(question("there")));
    CHECK(world.state != tcp::Io::ended);
    (void)receive(peer.get(), question("there").size());
    char nothing = 0;
    CHECK(::recv(peer.get(), &nothing, 1, 0) == 0); // it hears that nothing more comes
    peer.reset();
    for (int i = 0; i < 100 && world.state != tcp::Io::ended; ++i) (void)world.hear(50);
    CHECK(world.state == tcp::Io::ended);

    World local({server.port});
    REQUIRE(local.say(question("here")).state == tcp::Io::done);
    local.talk_.finish();
    CHECK_FALSE(local.hear().empty());
    CHECK(local.state == tcp::Io::ended);
}

TEST_CASE("what is no message, or too large a one, breaks the conversation") {
    World world({closed_port()});
    CHECK(world.say(std::string("\0\0", 2)).state == tcp::Io::failed);
    World other({closed_port()});
    CHECK(other.say("\x10\x01").state == tcp::Io::failed);
    World garbage({closed_port()});
    CHECK(garbage.say(with_length("what is this")).state == tcp::Io::failed); // no server, and nothing to answer it with
}

TEST_CASE("messages that are nearly right, in pieces of all sizes, are answered or end the conversation") {
    hostile::RandomChoices choices(13);
    int ended = 0;
    for (int run = 0; run < 5000; ++run) {
        World world({});
        std::string sent;
        for (int i = 0; i < 4; ++i) {
            const auto message = hostile::dns_query(choices);
            sent += with_length(text_of(message));
        }
        if (choices.below(2) == 0) sent[choices.below(static_cast<std::uint32_t>(sent.size()))] = static_cast<char>(choices.below(256));
        while (!sent.empty()) {
            const tcp::IoResult result = world.say(sent.substr(0, 1 + choices.below(40)));
            if (result.state == tcp::Io::failed) break;
            CHECK((result.count > 0) == (result.state == tcp::Io::done));
            sent.erase(0, result.count);
            if (result.state == tcp::Io::blocked) CHECK_FALSE(world.hear().empty());
        }
        if (!sent.empty()) ++ended;
    }
    CHECK(ended > 0);
    CHECK(ended < 5000);
}

TEST_CASE("the flow that has asked nothing for longest is known, and whoever has lost patience is told of") {
    World world({});
    const Bound server = listen_on("127.0.0.1");
    world.servers_.servers[world.servers_.count++] = SocketName(wire::Address::v4(INADDR_LOOPBACK), server.port);
    world.names_->ask_others(world.servers_);
    Conversations all(world.around_, *world.names_);
    REQUIRE(all.reserve() == 0);
    std::vector<std::uint16_t> numbers;
    for (std::uint32_t flow = 100; !all.full(); ++flow, ++world.around_.now) numbers.push_back(all.open(flow, flow));
    CHECK(numbers.size() == Conversations::most);
    CHECK(all.quietest() == 100);
    REQUIRE(all[numbers[0]].write({as_bytes(question("there")), {}}).state == tcp::Io::done);
    all.settle(numbers[0]);
    CHECK(all.quietest() == 101);
    CHECK(all.wait_time() > 0);
    world.around_.now += Conversation::patience_ms + 200;
    std::vector<std::uint32_t> told;
    all.advance([&](std::uint32_t flow) { told.push_back(flow); });
    CHECK(told == std::vector<std::uint32_t>{100});
    CHECK(all[numbers[0]].maybe_readable()); // SERVFAIL
    for (const std::uint16_t number : numbers) all.close(number);
    CHECK(all.wait_time() < 0);
}

} // TEST_SUITE
