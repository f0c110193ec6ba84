// A monitor's loop around a fake container, and clients for it.
#pragma once

#include "lib/monitor_io.h"

#include "base/sys.h"
#include "tests/unit/lib/fake_container.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <vector>

/// What the tests of the monitor's loop share.
namespace monitor_test {

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
inline void run_to_end(lib::MonitorIo& io) {
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

inline Received receive_all(int fd) {
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

inline void send_bytes(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

inline void send_input(int fd, std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), lib::max_stdin_payload))) {
        const auto piece = text.substr(0, lib::max_stdin_payload);
        send_bytes(fd, lib::encode_header(FrameType::stdin_data, piece.size()));
        send_bytes(fd, std::as_bytes(std::span(piece)));
    }
}

inline void send_eof(int fd) { send_bytes(fd, lib::encode_header(FrameType::stdin_eof, 0)); }

inline std::string binary(std::size_t size) {
    std::string text(size, '\0');
    std::uint32_t state = 1;
    for (char& c : text) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

inline std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* dir = ::opendir("/proc/self/fd");
    REQUIRE(dir != nullptr);
    while (::readdir(dir) != nullptr) ++count;
    ::closedir(dir);
    return count;
}

/// Bytes of this process's own memory, by /proc.
inline std::size_t private_memory() {
    const std::string text = sys::read_to_end(sys::open("/proc/self/statm", O_RDONLY).get(), 4096, "statm");
    std::size_t size = 0, resident = 0, shared = 0;
    REQUIRE(std::sscanf(text.c_str(), "%zu %zu %zu", &size, &resident, &shared) == 3);
    return (resident - shared) * 4096;
}

} // namespace monitor_test
