// The monitor's loop in one run: output, input, clients, watches.
#include "tests/unit/lib/fake_monitor.h"

#include "base/error.h"

#include <sys/eventfd.h>
#include <sys/un.h>

using namespace monitor_test;

TEST_CASE("without a client everything goes to the log") {
    FakeContainer container([] {
        put(1, "out\n");
        put(2, "err\n");
        put(1, "tail");
        return 7;
    });
    Monitor monitor(container);
    run_to_end(*monitor.io);
    CHECK(monitor.logged(lib::LogStream::out) == "out\ntail");
    CHECK(monitor.logged(lib::LogStream::err) == "err\n");
}

TEST_CASE("a client gets both streams and the exit status, and so does the log") {
    const std::string data = binary(300'000);
    FakeContainer container([&] {
        put(1, data);
        put(2, "complaint");
        return 42;
    });
    Monitor monitor(container);
    ClientProcess client(*monitor.io, [&](int fd) {
        const Received received = receive_all(fd);
        return received.sound && received.out == data && received.err == "complaint" && received.exit_code == 42;
    });
    run_to_end(*monitor.io);
    monitor.io.reset();
    CHECK(client.wait());
    CHECK((monitor.logged(lib::LogStream::out) == data));
}

TEST_CASE("a flood of 100 MB reaches several clients in bounded memory") {
    constexpr std::size_t flood = 100 << 20;
    FakeContainer container([] {
        const std::string line(999, 'x');
        for (std::size_t left = flood; left > 0;) {
            const std::string piece = (line + "\n").substr(0, left);
            put(1, piece);
            left -= piece.size();
        }
        return 0;
    });
    lib::LogWriter discard("/dev/null");
    const auto count_all = [](int fd) {
        std::size_t total = 0; // payloads and frame headers
        for (std::byte buffer[65536];;) {
            const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
            if (n <= 0) return total > flood;
            total += static_cast<std::size_t>(n);
        }
    };
    auto io = std::make_unique<lib::MonitorIo>(std::move(container.stdio), &discard);
    io->watch(container.pidfd.get(), EPOLLIN, [&](std::uint32_t) {
        io->unwatch(container.pidfd.get());
        io->finish(0);
    });
    ClientProcess one(*io, count_all);
    ClientProcess two(*io, count_all);
    const std::size_t before = private_memory();
    run_to_end(*io);
    CHECK(private_memory() < before + (512 << 10));
    io.reset();
    CHECK(one.wait());
    CHECK(two.wait());
}

TEST_CASE("a client that does not read slows the container, and its death lets it go on") {
    FakeContainer container([] {
        for (int i = 0; i < 4000; ++i) put(1, std::string(1024, 'x'));
        return 3;
    });
    Monitor monitor(container);
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    monitor.io->add_client(std::move(pair.ours));
    // The watch is served while the client blocks the output: it sees the container held up, then ends the client.
    const UniqueFd tick(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    bool held_up = false;
    int ticks = 0;
    monitor.io->watch(tick.get(), EPOLLIN, [&](std::uint32_t) {
        if (++ticks < 2000) return; // stays readable: the loop keeps turning
        held_up = !sys::wait_readable(container.pidfd.get(), std::chrono::milliseconds(0));
        monitor.io->unwatch(tick.get());
        pair.theirs.reset();
    });
    run_to_end(*monitor.io);
    CHECK(held_up);
    CHECK(monitor.io->client_count() == 0);
    CHECK(monitor.logged(lib::LogStream::out).size() == 4000 * 1024);
}

TEST_CASE("input reaches the process unchanged, its end too") {
    const std::string data = binary(1 << 20);
    FakeContainer container([] { return copy_through(0, 1); });
    Monitor monitor(container);
    ClientProcess client(*monitor.io, [&](int fd) {
        const pid_t writer = ::fork();
        if (writer == 0) {
            send_input(fd, data);
            send_eof(fd);
            ::_exit(0);
        }
        const Received received = receive_all(fd);
        return received.out == data && received.exit_code == 0;
    });
    run_to_end(*monitor.io);
    monitor.io.reset();
    CHECK(client.wait());
}

TEST_CASE("a client that leaves does not end the input: the next one can go on") {
    FakeContainer container([] { return copy_through(0, 1); });
    Monitor monitor(container);
    SocketPair first = sys::socket_pair(SOCK_STREAM);
    SocketPair second = sys::socket_pair(SOCK_STREAM);
    monitor.io->add_client(std::move(first.ours));
    send_input(first.theirs.get(), "first ");
    first.theirs.reset();
    const UniqueFd tick(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    monitor.io->watch(tick.get(), EPOLLIN, [&](std::uint32_t) {
        if (monitor.io->client_count() > 0) return;
        monitor.io->unwatch(tick.get());
        monitor.io->add_client(std::move(second.ours));
        send_input(second.theirs.get(), "second");
        send_eof(second.theirs.get());
    });
    run_to_end(*monitor.io);
    CHECK(monitor.logged(lib::LogStream::out) == "first second");
}

TEST_CASE("a process that reads no input does not stop its output or the loop") {
    FakeContainer container([] {
        ::close(0);
        put(1, "closed\n");
        return 5;
    });
    Monitor monitor(container);
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    send_input(pair.theirs.get(), std::string(100'000, 'i'));
    monitor.io->add_client(std::move(pair.ours));
    run_to_end(*monitor.io);
    monitor.io.reset();
    const Received received = receive_all(pair.theirs.get());
    CHECK(received.out == "closed\n");
    CHECK(received.exit_code == 5);
}

TEST_CASE("a descendant that keeps the output open is not waited for") {
    FakeContainer container([] {
        if (::fork() == 0) ::_exit(copy_through(0, 1)); // until the monitor is gone
        put(1, std::string(50'000, 'l') + "ast\n");
        return 0;
    });
    Monitor monitor(container);
    run_to_end(*monitor.io); // would hang
    CHECK(monitor.logged(lib::LogStream::out).ends_with("last\n"));
}

TEST_CASE("a malformed frame drops the client and nobody else") {
    FakeContainer container([] {
        char byte = 0;
        return ::read(0, &byte, 1) == 1 ? 0 : 1;
    });
    Monitor monitor(container);
    SocketPair bad = sys::socket_pair(SOCK_STREAM);
    SocketPair good = sys::socket_pair(SOCK_STREAM);
    monitor.io->add_client(std::move(bad.ours));
    monitor.io->add_client(std::move(good.ours));
    send_bytes(bad.theirs.get(), lib::encode_header(FrameType::stdout_data, 1));
    const UniqueFd tick(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    monitor.io->watch(tick.get(), EPOLLIN, [&](std::uint32_t) {
        if (monitor.io->client_count() > 1) return;
        monitor.io->unwatch(tick.get());
        send_input(good.theirs.get(), "x");
    });
    run_to_end(*monitor.io);
    monitor.io.reset();
    CHECK(receive_all(bad.theirs.get()).exit_code == -1000);
    CHECK(receive_all(good.theirs.get()).exit_code == 0);
}

TEST_CASE("clients come and go through the socket and leave nothing behind") {
    TempDir dir;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = dir.path + "/attach";
    std::copy(path.begin(), path.end(), address.sun_path);
    UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener.get(), 64) == 0);
    FakeContainer container([] { return ::pause(); });
    Monitor monitor(container);
    monitor.io->listen_on(std::move(listener));

    const UniqueFd tick(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::size_t before = open_descriptors();
    int rounds = 0;
    std::vector<UniqueFd> clients;
    monitor.io->watch(tick.get(), EPOLLIN, [&](std::uint32_t) {
        const std::size_t wanted = clients.empty() ? 0 : lib::MonitorIo::max_clients;
        if (monitor.io->client_count() != wanted) return; // the loop comes back
        if (!clients.empty()) return clients.clear();
        if (++rounds > 1000) {
            container.kill();
            return monitor.io->unwatch(tick.get());
        }
        for (int i = 0; i < 20; ++i) { // more than there is room for
            clients.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            if (::connect(clients.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::abort();
            const auto resize = lib::encode_resize({24, 80}); // no terminal here: nothing happens
            send_bytes(clients.back().get(), resize);
        }
    });
    run_to_end(*monitor.io);
    CHECK(rounds == 1001);
    CHECK(open_descriptors() <= before);
}

TEST_CASE("a terminal: echo, window size, and output up to the last byte") {
    Terminal terminal = open_terminal();
    set_raw(terminal.slave.get());
    FakeContainer container(std::move(terminal), [] {
        char byte = 0;
        if (::read(0, &byte, 1) != 1) return 1;
        winsize window{};
        if (::ioctl(0, TIOCGWINSZ, &window) != 0) return 2;
        put(1, std::to_string(window.ws_row) + "x" + std::to_string(window.ws_col) + std::string(30'000, '.') + "end");
        return 0;
    });
    Monitor monitor(container);
    ClientProcess client(*monitor.io, [](int fd) {
        for (std::uint16_t i = 0; i < 10'000; ++i) send_bytes(fd, lib::encode_resize({i, 132}));
        send_input(fd, "g");
        const Received received = receive_all(fd);
        return received.exit_code == 0 && received.out == "9999x132" + std::string(30'000, '.') + "end";
    });
    run_to_end(*monitor.io);
    monitor.io.reset();
    CHECK(client.wait());
}

TEST_CASE("much input through a terminal is neither lost nor stuck") {
    Terminal terminal = open_terminal();
    set_raw(terminal.slave.get());
    const std::string data = binary(500'000);
    FakeContainer container(std::move(terminal), [&] {
        std::string seen(data.size(), '\0');
        for (std::size_t have = 0; have < seen.size();) {
            const ssize_t n = ::read(0, seen.data() + have, seen.size() - have);
            if (n <= 0) return 1;
            have += static_cast<std::size_t>(n);
        }
        return seen == data ? 0 : 2;
    });
    Monitor monitor(container);
    ClientProcess client(*monitor.io, [&](int fd) {
        send_input(fd, data);
        return receive_all(fd).exit_code == 0;
    });
    run_to_end(*monitor.io);
    monitor.io.reset();
    CHECK(client.wait());
}

TEST_CASE("watches: priority events, unwatching from inside, reuse of the slot") {
    FakeContainer container([] { return ::pause(); });
    Monitor monitor(container);
    const UniqueFd one(::eventfd(1, EFD_CLOEXEC));
    const UniqueFd two(::eventfd(1, EFD_CLOEXEC));
    int one_calls = 0;
    int two_calls = 0;
    monitor.io->watch(one.get(), EPOLLIN, [&](std::uint32_t events) {
        CHECK((events & EPOLLIN) != 0);
        ++one_calls;
        monitor.io->unwatch(one.get());
        monitor.io->watch(two.get(), EPOLLIN, [&](std::uint32_t) {
            if (++two_calls == 3) monitor.io->stop();
        });
    });
    run_to_end(*monitor.io);
    CHECK(one_calls == 1);
    CHECK(two_calls == 3);
}
