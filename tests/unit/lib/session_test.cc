// The attached and the direct session, each in a child process with the test at its other ends.
#include "base/error.h"
#include "base/sys.h"
#include "lib/attach_client.h"
#include "lib/direct_session.h"
#include "lib/terminal.h"
#include "tests/unit/lib/fake_container.h"

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using lib::FrameType;
using lib::SessionEnd;

/// What the session's process tells the test at its end, one byte each.
struct Report {
    SessionEnd end{};
    std::uint8_t code = 0; ///< exit code or signal
    int forwarded = 0;     ///< the last signal that was forwarded
};

/// A session in a process of its own with pipes or a terminal as its standard descriptors.
class Caller {
public:
    UniqueFd in;       ///< what is typed
    UniqueFd out;      ///< what is printed
    UniqueFd err;
    UniqueFd terminal; ///< instead of the three: the master, whose slave the caller has

    using Session = std::function<lib::SessionResult(const lib::SessionOptions&)>;

    void start(lib::SessionOptions options, bool proxy, const Session& session) {
        Pipe report = sys::pipe();
        Pipe in_pipe = sys::pipe();
        Pipe out_pipe = sys::pipe();
        Pipe err_pipe = sys::pipe();
        std::optional<Terminal> pty;
        if (options.terminal) pty = open_terminal();
        pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid == 0) {
            ::signal(SIGHUP, SIG_DFL); // the tests may run under nohup, which a session rightly respects
            in_pipe.write.reset();
            out_pipe.read.reset();
            err_pipe.read.reset();
            ::dup2(pty ? pty->slave.get() : in_pipe.read.get(), 0);
            ::dup2(pty ? pty->slave.get() : out_pipe.write.get(), 1);
            ::dup2(pty ? pty->slave.get() : err_pipe.write.get(), 2);
            if (pty) pty->master.reset();
            Report told;
            if (proxy) options.forward_signal = [&](int signal) {
                told.forwarded = signal;
                put(1, "forwarded");
            };
            const lib::SessionResult result = session(options);
            told.end = result.end;
            told.code = static_cast<std::uint8_t>(result.end == SessionEnd::signalled ? result.signal : result.exit_code);
            ::_exit(::write(report.write.get(), &told, sizeof told) == sizeof told ? 0 : 1);
        }
        report_ = std::move(report.read);
        in = std::move(in_pipe.write);
        out = std::move(out_pipe.read);
        err = std::move(err_pipe.read);
        if (!pty) return;
        terminal = std::move(pty->master);
        slave_ = std::move(pty->slave);
    }
    Caller() = default;
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller() {
        if (pid <= 0) return;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }

    Report wait() {
        Report report;
        CHECK(::read(report_.get(), &report, sizeof report) == sizeof report);
        CHECK(sys::wait_child(std::exchange(pid, 0)) == 0);
        return report;
    }
    /// Whether the terminal is in raw mode now.
    bool is_raw() const {
        termios mode{};
        REQUIRE(::tcgetattr(slave_.get(), &mode) == 0);
        return (mode.c_lflag & (ICANON | ECHO)) == 0;
    }

    pid_t pid = 0;

private:
    UniqueFd report_;
    UniqueFd slave_;
};

/// Reads exactly `size` bytes, fewer only at the end.
std::string read_exactly(int fd, std::size_t size) {
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const ssize_t n = ::read(fd, text.data() + have, size - have);
        if (n <= 0) break;
        have += static_cast<std::size_t>(n);
    }
    text.resize(have);
    return text;
}

void send_frame(int fd, FrameType type, std::string_view payload) {
    const auto header = lib::encode_header(type, payload.size());
    sys::write_all(fd, {reinterpret_cast<const char*>(header.data()), header.size()}, "frame");
    sys::write_all(fd, payload, "frame");
}

void send_exit(int fd, std::int32_t code) {
    const auto frame = lib::encode_exit_status(code);
    sys::write_all(fd, {reinterpret_cast<const char*>(frame.data()), frame.size()}, "frame");
}

/// The next frame of a client, its payload as text; type 0 when it closed the connection.
std::pair<FrameType, std::string> next_frame(int fd) {
    const std::string header = read_exactly(fd, lib::frame_header_size);
    if (header.size() < lib::frame_header_size) return {FrameType{}, ""};
    const std::size_t size = static_cast<std::uint8_t>(header[2]) + 256U * static_cast<std::uint8_t>(header[3]);
    return {static_cast<FrameType>(header[0]), read_exactly(fd, size)};
}

/// An attach client whose monitor the test plays.
struct Attached : Caller {
    UniqueFd monitor;

    explicit Attached(const lib::SessionOptions& options, bool proxy = false) {
        SocketPair pair = sys::socket_pair(SOCK_STREAM);
        start(options, proxy, [&](const lib::SessionOptions& mine) {
            pair.ours.reset();
            const lib::SessionResult result = lib::attach(pair.theirs.get(), mine);
            pair.theirs.reset();
            return result;
        });
        monitor = std::move(pair.ours);
    }
};

lib::SessionOptions piped() { return {}; }
lib::SessionOptions on_terminal() {
    lib::SessionOptions options;
    options.terminal = true;
    options.detach_keys = lib::DetachKeys(lib::default_detach_keys);
    return options;
}

} // namespace

TEST_CASE("attached: all output is printed before the exit status counts") {
    Attached client(piped());
    const std::string chunk(lib::max_payload, 'o');
    for (int i = 0; i < 3; ++i) send_frame(client.monitor.get(), FrameType::stdout_data, chunk); // fills pipe and buffers
    send_frame(client.monitor.get(), FrameType::stderr_data, "complaint");
    send_exit(client.monitor.get(), 42);
    client.monitor.reset();
    CHECK(read_exactly(client.out.get(), 3 * chunk.size()) == chunk + chunk + chunk);
    CHECK(read_exactly(client.err.get(), 9) == "complaint");
    const Report report = client.wait();
    CHECK(report.end == SessionEnd::exited);
    CHECK(report.code == 42);
}

TEST_CASE("attached: input becomes frames and its end is told, output still comes") {
    Attached client(piped());
    sys::write_all(client.in.get(), "typed", "input");
    CHECK(next_frame(client.monitor.get()) == std::pair(FrameType::stdin_data, std::string("typed")));
    client.in.reset();
    CHECK(next_frame(client.monitor.get()) == std::pair(FrameType::stdin_eof, std::string()));
    send_frame(client.monitor.get(), FrameType::stdout_data, "answer");
    CHECK(read_exactly(client.out.get(), 6) == "answer");
    send_exit(client.monitor.get(), 0);
    CHECK(client.wait().end == SessionEnd::exited);
}

TEST_CASE("attached: without -i nothing is read from the caller") {
    lib::SessionOptions options = piped();
    options.stdin_fd = -1;
    Attached client(options);
    sys::write_all(client.in.get(), "for somebody else", "input");
    send_frame(client.monitor.get(), FrameType::stdout_data, "x");
    CHECK(read_exactly(client.out.get(), 1) == "x");
    send_exit(client.monitor.get(), 0);
    client.wait();
    CHECK(next_frame(client.monitor.get()).first == FrameType{});
}

TEST_CASE("attached: a monitor that vanishes, and one that talks nonsense") {
    Attached lost(piped());
    lost.monitor.reset();
    CHECK(lost.wait().end == SessionEnd::disconnected);
    SocketPair pair = sys::socket_pair(SOCK_STREAM);
    send_frame(pair.ours.get(), FrameType::stdin_data, "not from a monitor");
    lib::SessionOptions options;
    options.stdin_fd = -1;
    CHECK_THROWS_AS(lib::attach(pair.theirs.get(), options), Error);
}

TEST_CASE("attached: nobody reads the output any more") {
    Attached client(piped());
    client.out.reset();
    send_frame(client.monitor.get(), FrameType::stdout_data, "x");
    CHECK(client.wait().end == SessionEnd::output_closed);
}

TEST_CASE("attached: signals are forwarded, or end the session") {
    SUBCASE("forwarded") {
        Attached client(piped(), true);
        send_frame(client.monitor.get(), FrameType::stdout_data, "up"); // the session handles signals from here on
        CHECK(read_exactly(client.out.get(), 2) == "up");
        REQUIRE(::kill(client.pid, SIGUSR1) == 0);
        CHECK(read_exactly(client.out.get(), 9) == "forwarded");
        send_exit(client.monitor.get(), 1);
        const Report report = client.wait();
        CHECK(report.end == SessionEnd::exited);
        CHECK(report.forwarded == SIGUSR1);
    }
    SUBCASE("not forwarded") {
        Attached client(piped());
        send_frame(client.monitor.get(), FrameType::stdout_data, "up");
        CHECK(read_exactly(client.out.get(), 2) == "up");
        REQUIRE(::kill(client.pid, SIGTERM) == 0);
        const Report report = client.wait();
        CHECK(report.end == SessionEnd::signalled);
        CHECK(report.code == SIGTERM);
    }
}

TEST_CASE("attached to a terminal: raw mode, sizes, detach, and the old mode at the end") {
    Attached client(on_terminal());
    CHECK(next_frame(client.monitor.get()).first == FrameType::resize); // sent once raw mode is on
    CHECK(client.is_raw());
    SUBCASE("a new window size is told") {
        winsize window{};
        window.ws_row = 33;
        window.ws_col = 111;
        REQUIRE(::ioctl(client.terminal.get(), TIOCSWINSZ, &window) == 0);
        REQUIRE(::kill(client.pid, SIGWINCH) == 0); // it is not the test terminal's foreground process
        const auto [type, payload] = next_frame(client.monitor.get());
        CHECK(type == FrameType::resize);
        CHECK(payload == std::string("\x21\0\x6f\0", 4));
        send_exit(client.monitor.get(), 0);
        CHECK(client.wait().end == SessionEnd::exited);
    }
    SUBCASE("control characters are input; ctrl-p ctrl-q detaches") {
        sys::write_all(client.terminal.get(), "\x03\x1a", "terminal");
        CHECK(read_exactly(client.monitor.get(), 6) == std::string("\1\0\2\0\x03\x1a", 6));
        sys::write_all(client.terminal.get(), "x\x10\x11", "terminal");
        CHECK(next_frame(client.monitor.get()) == std::pair(FrameType::stdin_data, std::string("x")));
        CHECK(client.wait().end == SessionEnd::detached);
    }
    SUBCASE("SIGTERM and SIGHUP restore it") {
        REQUIRE(::kill(client.pid, SIGHUP) == 0);
        CHECK(client.wait().end == SessionEnd::signalled);
    }
    SUBCASE("a lost monitor restores it") {
        client.monitor.reset();
        CHECK(client.wait().end == SessionEnd::disconnected);
    }
    CHECK_FALSE(client.is_raw());
}

TEST_CASE("direct: pipes both ways, half-close and a flood") {
    FakeContainer process([] {
        put(2, "complaint");
        const int code = copy_through(0, 1);
        for (int i = 0; i < 1000; ++i) put(1, std::string(1000, 'f'));
        return code;
    });
    Caller caller;
    caller.start(piped(), false, [&](const lib::SessionOptions& options) {
        caller.in.reset();
        return lib::run_direct_session(std::move(process.stdio), process.pidfd.get(), options);
    });
    process.stdio = {};
    sys::write_all(caller.in.get(), "through", "input");
    CHECK(read_exactly(caller.out.get(), 7) == "through");
    CHECK(read_exactly(caller.err.get(), 9) == "complaint");
    caller.in.reset();
    CHECK(read_exactly(caller.out.get(), 2'000'000) == std::string(1'000'000, 'f'));
    CHECK(caller.wait().end == SessionEnd::exited);
    CHECK(process.wait() == 0);
}

TEST_CASE("direct: a descendant that keeps the output open is not waited for") {
    FakeContainer process([] {
        if (::fork() == 0) ::_exit(copy_through(0, 1)); // until the session is gone
        put(1, std::string(60'000, 'l') + "ast");
        return 0;
    });
    Caller caller;
    caller.start(piped(), false, [&](const lib::SessionOptions& options) {
        return lib::run_direct_session(std::move(process.stdio), process.pidfd.get(), options);
    });
    process.stdio = {};
    CHECK(read_exactly(caller.out.get(), 60'003).ends_with("last"));
    CHECK(caller.wait().end == SessionEnd::exited);
}

TEST_CASE("direct: a terminal joined to a terminal") {
    Terminal inner = open_terminal();
    set_raw(inner.slave.get());
    FakeContainer process(std::move(inner), [] {
        char byte = 0;
        if (::read(0, &byte, 1) != 1) return 1;
        winsize window{};
        ::ioctl(0, TIOCGWINSZ, &window);
        put(1, std::to_string(window.ws_row) + std::string(20'000, byte) + "end");
        return 0;
    });
    Caller caller;
    caller.start(on_terminal(), false, [&](const lib::SessionOptions& options) {
        winsize window{};
        window.ws_row = 77;
        ::ioctl(0, TIOCSWINSZ, &window);
        return lib::run_direct_session(std::move(process.stdio), process.pidfd.get(), options);
    });
    process.stdio = {};
    sys::write_all(caller.terminal.get(), "k\n", "terminal");
    std::string seen;
    while (!seen.ends_with("end")) {
        const std::string more = read_exactly(caller.terminal.get(), 1);
        REQUIRE_FALSE(more.empty());
        seen += more;
    }
    CHECK(seen.ends_with("77" + std::string(20'000, 'k') + "end"));
    CHECK(caller.wait().end == SessionEnd::exited);
    CHECK_FALSE(caller.is_raw());
    CHECK(process.wait() == 0);
}
