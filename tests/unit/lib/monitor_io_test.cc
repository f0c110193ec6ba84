#include "lib/monitor_io.h"

#include "base/error.h"
#include "base/sys.h"
#include "tests/unit/lib/fake_container.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace {

using lib::FrameOutcome;
using lib::FrameSender;
using lib::FrameType;

/// A monitor as the lead's: it waits for the container's pidfd and then finishes with its exit code.
struct Monitor {
    TempDir dir;
    std::string log_path = dir.path + "/ctr.log";
    lib::LogWriter log{log_path};
    FakeContainer& container;
    std::unique_ptr<lib::MonitorIo> io;

    explicit Monitor(FakeContainer& fake)
        : container(fake), io(std::make_unique<lib::MonitorIo>(std::move(fake.stdio), &log)) {
        io->watch(container.pidfd.get(), EPOLLIN, [this](std::uint32_t) {
            io->unwatch(container.pidfd.get());
            io->finish(container.wait());
        });
    }

    /// The bytes of one stream by the log.
    std::string logged(lib::LogStream stream) const {
        std::string text;
        const auto reader = std::make_unique<lib::LogReader>(lib::LogSource{log_path});
        while (const auto record = reader->next()) {
            if (record->stream != stream) continue;
            text += record->text;
            if (record->ends_line) text += '\n';
        }
        return text;
    }
};

/// A busy machine may keep a client from reading for a second; that is not what these tests are about.
void run_to_end(lib::MonitorIo& io) {
    while (io.run() == lib::MonitorIo::RunEnd::stalled) {}
}

/// A client that runs in a process of its own, so that the monitor can run in the test's. It exits 0 when `body`, given
/// its socket, returns true.
class ClientProcess {
public:
    ClientProcess(lib::MonitorIo& monitor, const std::function<bool(int)>& body) {
        SocketPair pair = sys::socket_pair(SOCK_STREAM);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::dup2(pair.theirs.get(), 3);
            ::close_range(4, ~0U, 0);
            ::_exit(body(3) ? 0 : 1);
        }
        monitor.add_client(std::move(pair.ours));
    }
    ClientProcess(const ClientProcess&) = delete;
    ClientProcess& operator=(const ClientProcess&) = delete;
    ~ClientProcess() {
        if (pid_ > 0) wait();
    }
    bool wait() { return sys::wait_child(std::exchange(pid_, 0)) == 0; }

private:
    pid_t pid_;
};

/// What a client got until the monitor closed the connection.
struct Received {
    std::string out;
    std::string err;
    int exit_code = -1000;
    bool sound = true; ///< every frame was well formed and the exit status came last
};

Received receive_all(int fd) {
    Received received;
    std::vector<std::byte> bytes;
    for (std::byte buffer[65536];;) {
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) break;
        bytes.insert(bytes.end(), buffer, buffer + n);
        std::size_t done = 0;
        for (;;) {
            const auto decoded = lib::decode_frame(std::span<const std::byte>(bytes).subspan(done), FrameSender::monitor);
            received.sound = received.sound && decoded.outcome != FrameOutcome::malformed;
            if (decoded.outcome != FrameOutcome::complete) break;
            received.sound = received.sound && received.exit_code == -1000;
            const std::string_view payload(reinterpret_cast<const char*>(decoded.frame.payload.data()), decoded.frame.payload.size());
            if (decoded.frame.type == FrameType::stdout_data) received.out += payload;
            if (decoded.frame.type == FrameType::stderr_data) received.err += payload;
            if (decoded.frame.type == FrameType::exit_status) received.exit_code = lib::decode_exit_status(decoded.frame);
            done += decoded.size;
        }
        bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(done));
    }
    return received;
}

void send_bytes(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

void send_input(int fd, std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), lib::max_stdin_payload))) {
        const auto piece = text.substr(0, lib::max_stdin_payload);
        send_bytes(fd, lib::encode_header(FrameType::stdin_data, piece.size()));
        send_bytes(fd, std::as_bytes(std::span(piece)));
    }
}

void send_eof(int fd) { send_bytes(fd, lib::encode_header(FrameType::stdin_eof, 0)); }

std::string binary(std::size_t size) {
    std::string text(size, '\0');
    std::uint32_t state = 1;
    for (char& c : text) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* dir = ::opendir("/proc/self/fd");
    REQUIRE(dir != nullptr);
    while (::readdir(dir) != nullptr) ++count;
    ::closedir(dir);
    return count;
}

/// Bytes of this process's own memory, by /proc.
std::size_t private_memory() {
    const std::string text = sys::read_to_end(sys::open("/proc/self/statm", O_RDONLY).get(), 4096, "statm");
    std::size_t size = 0, resident = 0, shared = 0;
    REQUIRE(std::sscanf(text.c_str(), "%zu %zu %zu", &size, &resident, &shared) == 3);
    return (resident - shared) * 4096;
}

} // namespace

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
    const UniqueFd dry(::eventfd(0, EFD_CLOEXEC));
    monitor.io->watch(first.pidfd.get(), EPOLLIN, [&](std::uint32_t) {
        monitor.io->unwatch(first.pidfd.get());
        first.wait();
        CHECK_THROWS_AS(monitor.io->resume({}), Error);
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
    const UniqueFd dry(::eventfd(0, EFD_CLOEXEC));
    monitor.io->watch(first.pidfd.get(), EPOLLIN, [&](std::uint32_t) {
        monitor.io->unwatch(first.pidfd.get());
        first.wait();
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
    CHECK(client.wait());
}
