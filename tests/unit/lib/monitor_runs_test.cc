// The monitor's loop at the end of a run and between two; outputs that are handed over.
#include "tests/unit/lib/fake_monitor.h"

#include "base/error.h"

#include <sys/eventfd.h>
#include <sys/un.h>

#include <functional>

using namespace monitor_test;

namespace {

/// Two runs of one container, the second when the first one's output is delivered, and the end with its exit code. `at_end`: after
/// the first.
void run_both(Monitor& monitor, FakeContainer& first, FakeContainer& second, const std::function<void()>& at_end = [] {}) {
    const UniqueFd dry(::eventfd(0, EFD_CLOEXEC));
    monitor.io->watch(first.pidfd.get(), EPOLLIN, [&](std::uint32_t) {
        monitor.io->unwatch(first.pidfd.get());
        first.wait();
        at_end();
        monitor.io->pause([&] { ::eventfd_write(dry.get(), 1); });
    });
    monitor.io->watch(dry.get(), EPOLLIN, [&](std::uint32_t) {
        monitor.io->unwatch(dry.get());
        monitor.io->resume(std::move(second.stdio));
        monitor.io->watch(second.pidfd.get(), EPOLLIN, [&](std::uint32_t) {
            monitor.io->unwatch(second.pidfd.get());
            monitor.io->finish(second.wait());
        });
    });
    run_to_end(*monitor.io);
    monitor.io.reset();
}

} // namespace

TEST_CASE("a client that takes nothing after the end is said to stall, and can be waited for again") {
    FakeContainer container([] {
        put(1, "x");
        return 6;
    });
    Monitor monitor(container);
    Pipe full = sys::pipe(); // read by nobody
    const std::vector<char> page(65536, 'f');
    REQUIRE(::write(full.write.get(), page.data(), page.size()) == 65536);
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    lib::MonitorIo::Outlets outlets;
    outlets[0] = sys::dup(full.write.get());
    monitor.io->add_client(std::move(pair.ours), std::move(outlets));
    const auto grown = ::fcntl(full.write.get(), F_GETPIPE_SZ);
    const std::vector<char> rest(static_cast<std::size_t>(grown) - page.size(), 'f'); // it was widened
    if (!rest.empty()) REQUIRE(::write(full.write.get(), rest.data(), rest.size()) == static_cast<ssize_t>(rest.size()));
    CHECK(monitor.io->run() == lib::MonitorIo::RunEnd::stalled);
    CHECK(monitor.io->run() == lib::MonitorIo::RunEnd::stalled);
    full.write.reset();
    std::vector<char> taken(static_cast<std::size_t>(grown));
    REQUIRE(::read(full.read.get(), taken.data(), taken.size()) > 0);
    run_to_end(*monitor.io);
    monitor.io.reset();
    const Received received = receive_all(pair.theirs.get());
    CHECK(received.exit_code == 6);
    CHECK(received.out.empty()); // it went to the pipe
    const std::string in_pipe = sys::read_to_end(full.read.get(), 1 << 20, "pipe");
    CHECK(in_pipe.ends_with("x"));
    CHECK(monitor.logged(lib::LogStream::out) == "x");
}

TEST_CASE("outputs that are handed over get the container's bytes, and so do the log and other clients") {
    const std::string data = binary(1 << 20);
    FakeContainer container([&] {
        put(1, data);
        put(2, "complaint");
        return 8;
    });
    Monitor monitor(container);
    Pipe out = sys::pipe();
    TempDir dir;
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    {
        lib::MonitorIo::Outlets outlets;
        outlets[0] = std::move(out.write);
        outlets[1] = sys::open(dir.path + "/err", O_WRONLY | O_CREAT | O_APPEND, 0600);
        monitor.io->add_client(std::move(pair.ours), std::move(outlets));
    }
    ClientProcess other(*monitor.io, [&](int fd) {
        const Received received = receive_all(fd);
        return received.sound && received.out == data && received.err == "complaint" && received.exit_code == 8;
    });
    const pid_t reader = ::fork();
    REQUIRE(reader >= 0);
    if (reader == 0) {
        std::string seen(data.size() + 1, '\0');
        std::size_t have = 0;
        while (have < seen.size()) {
            const ssize_t n = ::read(out.read.get(), seen.data() + have, std::min(seen.size() - have, data.size() - have));
            if (n <= 0) break;
            have += static_cast<std::size_t>(n);
        }
        ::_exit(have == data.size() && seen.compare(0, have, data) == 0 ? 0 : 1);
    }
    run_to_end(*monitor.io);
    monitor.io.reset();
    CHECK(sys::wait_child(reader) == 0);
    CHECK(other.wait());
    const Received received = receive_all(pair.theirs.get());
    CHECK(received.out.empty());
    CHECK(received.err.empty());
    CHECK(received.exit_code == 8);
    CHECK(sys::read_to_end(sys::open(dir.path + "/err", O_RDONLY).get(), 100, "err") == "complaint");
    CHECK((monitor.logged(lib::LogStream::out) == data));
}

TEST_CASE("an output that nobody reads any more is said to the client whose it is, and logged on") {
    FakeContainer container([] {
        put(1, "into the void");
        char byte = 0;
        return ::read(0, &byte, 1) < 0 ? 1 : 0; // until the test has seen the frame
    });
    Monitor monitor(container);
    Pipe out = sys::pipe();
    out.read.reset();
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    lib::MonitorIo::Outlets outlets;
    outlets[0] = std::move(out.write);
    monitor.io->add_client(std::move(pair.ours), std::move(outlets));
    const UniqueFd tick(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    std::array<std::byte, 64> bytes;
    ssize_t got = 0;
    monitor.io->watch(tick.get(), EPOLLIN, [&](std::uint32_t) {
        got = ::recv(pair.theirs.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got <= 0) return; // the loop comes back
        monitor.io->unwatch(tick.get());
        send_eof(pair.theirs.get());
    });
    run_to_end(*monitor.io);
    REQUIRE(got > 0);
    const auto decoded = lib::decode_frame(std::span<const std::byte>(bytes).first(static_cast<std::size_t>(got)), FrameSender::monitor);
    REQUIRE(decoded.outcome == FrameOutcome::complete);
    CHECK(decoded.frame.type == FrameType::output_lost);
    CHECK(lib::decode_output_lost(decoded.frame) == EPIPE);
    CHECK(monitor.logged(lib::LogStream::out) == "into the void");
}

TEST_CASE("between two runs the clients stay, and hear only of the last end") {
    FakeContainer first([] {
        put(1, "one ");
        return 3;
    });
    FakeContainer second([] {
        put(1, "two");
        return 7;
    });
    Monitor monitor(first);
    monitor.io->unwatch(first.pidfd.get());
    ClientProcess client(*monitor.io, [](int fd) {
        const Received received = receive_all(fd);
        return received.sound && received.out == "one two" && received.exit_code == 7;
    });
    run_both(monitor, first, second, [&] { CHECK_THROWS_AS(monitor.io->resume({}), Error); });
    CHECK(client.wait());
    CHECK(monitor.logged(lib::LogStream::out) == "one two");
}

TEST_CASE("a pause between two runs can end with the exit status") {
    FakeContainer container([] { return 3; });
    Monitor monitor(container);
    monitor.io->unwatch(container.pidfd.get());
    ClientProcess client(*monitor.io, [](int fd) {
        const Received received = receive_all(fd);
        return received.sound && received.exit_code == 9;
    });
    monitor.io->watch(container.pidfd.get(), EPOLLIN, [&](std::uint32_t) {
        monitor.io->unwatch(container.pidfd.get());
        container.wait();
        monitor.io->pause([&] { monitor.io->finish(9); });
    });
    run_to_end(*monitor.io);
    monitor.io.reset();
    CHECK(client.wait());
}

TEST_CASE("input that has ended stays ended in the next run") {
    FakeContainer first([] { return copy_through(0, 1); });
    FakeContainer second([] { return copy_through(0, 1); });
    Monitor monitor(first);
    monitor.io->unwatch(first.pidfd.get());
    ClientProcess client(*monitor.io, [](int fd) {
        send_input(fd, "all there is");
        send_eof(fd);
        const Received received = receive_all(fd);
        return received.sound && received.out == "all there is" && received.exit_code == 0;
    });
    run_both(monitor, first, second);
    CHECK(client.wait());
}
