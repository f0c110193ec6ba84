// Integrity over a real TAP whose link is bad: the whole stack in a thread, a container's kernel in a namespace of its own, and between
// them somebody who loses, repeats, delays and swaps frames. What is sent arrives, both ways at once, with the digests of what was sent.
//
// CTL_SOAK_MEBI of each connection (1): a slice of the long suite.
#include "tests/unit/netstack/forward_world.h"
#include "tests/unit/netstack/old_tun.h"

#include "netstack/addresses.h"
#include "netstack/loop.h"
#include "netstack/stack.h"
#include "netstack/tap_setup.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <random>

using namespace forwarding;

namespace {

/// What becomes of frames, in thousandths; `delay` in milliseconds, 0 to that, so they overtake each other.
struct Weather {
    unsigned lost = 0, repeated = 0, delayed = 0, delay = 0;
};

/// Carries frames between a TAP and the socket that the stack takes for one.
class BadLink {
public:
    BadLink(int tap, int stack, Weather weather, unsigned seed) : ends_{tap, stack}, weather_(weather), random_(seed) {
        thread_ = std::thread([this] { run(); });
    }
    ~BadLink() {
        stop_ = true;
        thread_.join();
    }
    std::size_t carried() const { return carried_; }
    std::size_t largest_from_container() const { return largest_; }

private:
    struct Frame {
        std::size_t to;
        std::vector<std::byte> bytes;
    };
    bool happens(unsigned thousandths) { return random_() / 7 % 1000 < thousandths; }

    void run() {
        std::vector<std::byte> buffer(netstack::largest_frame);
        while (!stop_) {
            pollfd polled[] = {{ends_[0], POLLIN, 0}, {ends_[1], POLLIN, 0}};
            ::poll(polled, 2, waiting_.empty() ? 50 : 1);
            for (std::size_t from = 0; from < 2; ++from) {
                if ((polled[from].revents & POLLIN) == 0) continue;
                const ssize_t size = ::read(ends_[from], buffer.data(), buffer.size());
                if (from == 0 && size > 0) largest_ = std::max<std::size_t>(largest_, static_cast<std::size_t>(size));
                if (size > 0) take({1 - from, {buffer.begin(), buffer.begin() + size}});
            }
            while (!waiting_.empty() && waiting_.begin()->first <= netstack::now_ms()) {
                put(waiting_.begin()->second);
                waiting_.erase(waiting_.begin());
            }
        }
    }
    void take(Frame frame) {
        if (happens(weather_.lost)) return;
        if (happens(weather_.repeated)) put(frame);
        if (!happens(weather_.delayed)) return put(frame);
        waiting_.emplace(netstack::now_ms() + static_cast<std::int64_t>(random_() / 7 % (weather_.delay + 1)), std::move(frame));
    }
    void put(const Frame& frame) {
        ++carried_;
        (void)!::write(ends_[frame.to], frame.bytes.data(), frame.bytes.size()); // full: one more that is lost
    }

    const int ends_[2];
    const Weather weather_;
    std::minstd_rand random_;
    std::multimap<std::int64_t, Frame> waiting_;
    std::atomic<bool> stop_ = false;
    std::atomic<std::size_t> carried_ = 0;
    std::atomic<std::size_t> largest_ = 0;
    std::thread thread_;
};

/// A network namespace with a TAP, whose sockets connect to the gateway. Made before any thread.
class Container {
public:
    /// `refused`: offloads that its kernel does not know.
    explicit Container(std::uint32_t refused = 0) : refused_(refused), report_(sys::socket_pair(SOCK_SEQPACKET)), line_(sys::socket_pair(SOCK_SEQPACKET)) {
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) serve();
        report_.theirs.reset();
        line_.theirs.reset();
        tap_ = netstack::receive_tap(report_.ours.get());
    }
    ~Container() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    const netstack::Tap& tap() const { return tap_; }
    UniqueFd connect(std::uint16_t port) {
        REQUIRE(::send(line_.ours.get(), &port, sizeof port, 0) == sizeof port);
        return sys::receive_fd(line_.ours.get());
    }

private:
    [[noreturn]] void serve() {
        ::signal(SIGALRM, SIG_DFL);
        line_.ours.reset();
        report_.ours.reset();
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ::_exit(1);
        if (refused_ != 0 && !old_tun::refuse_offloads(refused_)) ::_exit(3);
        netstack::TapPlan plan = netstack::default_tap_plan();
        plan.report_fd = report_.theirs.get();
        netstack::configure_tap(&plan);
        for (std::uint16_t port = 0; ::recv(line_.theirs.get(), &port, sizeof port, 0) == sizeof port;) {
            const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port);
            address.sin_addr = netstack::default_addresses().gateway_v4;
            if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ::_exit(2);
            sys::send_fd(line_.theirs.get(), socket.get(), "the container's socket");
        }
        ::_exit(0);
    }

    const std::uint32_t refused_;
    SocketPair report_, line_;
    pid_t pid_ = -1;
    netstack::Tap tap_;
};

std::size_t wanted() {
    const char* const text = std::getenv("CTL_SOAK_MEBI");
    return (text != nullptr ? static_cast<std::size_t>(std::atol(text)) : 1) * mebi;
}

/// The largest frame that the container has sent.
std::size_t soak(Weather weather, int connections, std::uint32_t refused = 0) {
    Container container(refused);
    if (!container.tap().device) {
        REQUIRE(container.tap().problem.find("offloads") == std::string::npos);
        MESSAGE("skipped: ", container.tap().problem);
        return 0;
    }
    if ((refused & old_tun::uso) != 0) CHECK_FALSE(container.tap().features.udp_segmentation);
    const Bound service = listen_on("127.0.0.1");
    SocketPair link = sys::socket_pair(SOCK_SEQPACKET | SOCK_NONBLOCK);
    Pipe stop = sys::pipe();
    netstack::StackPlan plan;
    plan.tap = std::move(link.theirs);
    plan.features = container.tap().features;
    plan.rules.host_loopback = true; // the gateway's address is this machine's loopback
    plan.stop = std::move(stop.read);
    int result = -1;
    std::thread stack([&] { result = netstack::run_stack(std::move(plan)); });
    std::size_t largest = 0;
    {
        const BadLink bad(container.tap().device.get(), link.ours.get(), weather, 5);
        std::vector<Connection> all;
        for (int i = 0; i < connections; ++i) {
            UniqueFd client = container.connect(service.port);
            all.push_back({std::move(client), accept_from(service.fd)});
        }
        std::vector<std::thread> busy;
        for (const Connection& connection : all) busy.emplace_back([&] { check_both_ways(connection, wanted()); });
        for (std::thread& thread : busy) thread.join();
        CHECK(bad.carried() > 0);
        largest = bad.largest_from_container();
        stop.write.reset();
        stack.join();
    }
    CHECK(result == 0);
    return largest;
}

constexpr std::size_t headers = netstack::wire::vnet_length + 14;

} // namespace

TEST_SUITE("netstack/soak") {

TEST_CASE("a good link carries what is sent") { soak({}, 1); }
TEST_CASE("what is lost comes again") { soak({.lost = 20}, 2); }
TEST_CASE("what overtakes, comes twice and is late is put in order") { soak({.repeated = 50, .delayed = 300, .delay = 10}, 2); }
TEST_CASE("all of it at once") { soak({.lost = 10, .repeated = 20, .delayed = 200, .delay = 20}, 4); }
TEST_CASE("a kernel that cuts up no datagrams cuts up streams") {
    const std::size_t largest = soak({}, 1, old_tun::uso);
    CHECK((largest == 0 || largest > 1500 + headers));
}
TEST_CASE("a kernel that cuts up nothing has it done by the container's TCP") { CHECK(soak({}, 2, old_tun::uso | old_tun::tso) <= 1500 + headers); }

} // TEST_SUITE
