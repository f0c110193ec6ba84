// See lib/capture.h.
#include "lib/capture.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "lib/given_capture.h"
#include "lib/network_stats.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

namespace lib {
namespace {

/// Readable when we are to end; so that the file ends with a whole packet.
UniqueFd route_ends() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC));
    if (!fd) throw SysError{errno, "signalfd"};
    return fd;
}

/// Cuts what comes out of the pipe into packets.
class Records {
public:
    explicit Records(std::optional<std::uint64_t> most) : most_(most) {}

    void add(std::string_view bytes) { bytes_.append(bytes); }
    /// What is whole, as far as wanted; the file's header first.
    std::string take() {
        std::size_t end = 0;
        if (!has_header_) {
            if (bytes_.size() < netstack::pcap_header) return {};
            has_header_ = true;
            end = netstack::pcap_header;
        }
        while (!is_full() && bytes_.size() - end >= netstack::pcap_record_header) {
            std::uint32_t size = 0; // the third number of the record's header, in this machine's byte order
            std::memcpy(&size, bytes_.data() + end + 8, sizeof size);
            if (bytes_.size() - end - netstack::pcap_record_header < size) break;
            end += netstack::pcap_record_header + size;
            ++count_;
        }
        std::string whole = bytes_.substr(0, end);
        bytes_.erase(0, end);
        return whole;
    }
    bool is_full() const noexcept { return most_ && count_ >= *most_; }
    std::uint64_t count() const noexcept { return count_; }

private:
    std::optional<std::uint64_t> most_;
    std::uint64_t count_ = 0;
    bool has_header_ = false;
    std::string bytes_;
};

UniqueFd begin(const ContainerDir& dir, const ContainerRecord& record, std::uint32_t snap_length) {
    const FileLock lock = dir.lock();
    if (!find_container_process(dir.load_state())) throw Error("container ", record.name, " does not run, and has no packets");
    return hand_over_capture(dir, record, snap_length);
}

void copy_packets(int pipe, int end, int to, const std::string& name, Records& records) {
    std::vector<char> buffer(256 << 10);
    while (!records.is_full()) {
        std::array<pollfd, 2> news{{{pipe, POLLIN, 0}, {end, POLLIN, 0}}};
        if (::poll(news.data(), news.size(), -1) < 0) {
            if (errno == EINTR) continue;
            throw SysError{errno, "wait for packets"};
        }
        if ((news[1].revents & POLLIN) != 0) return;
        const ssize_t size = ::read(pipe, buffer.data(), buffer.size());
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (size < 0) throw SysError{errno, "read packets"};
        if (size == 0) return; // the container, or its net process, has ended
        records.add({buffer.data(), static_cast<std::size_t>(size)});
        sys::write_all(to, records.take(), name);
    }
}

std::uint64_t left_out(const Engine& engine, const std::string& id) {
    try {
        return network_stats(engine, {id}).front().counters.link.not_captured;
    } catch (const Error&) {
        return 0; // it has ended
    }
}

} // namespace

Captured capture_packets(const Engine& engine, const CaptureRequest& request) {
    const ContainerDir dir = ContainerDir::open(engine, request.container);
    const ContainerRecord record = dir.load_record();
    if (record.network != "default")
        throw Error("container ", record.name, " has the network \"", record.network, "\"; only packets of ctl's own (default) can be captured");
    const bool to_output = request.file == "-";
    const UniqueFd file = to_output ? UniqueFd() : sys::open(request.file, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0600);
    const std::string name = to_output ? "standard output" : request.file;
    const UniqueFd end = route_ends();
    const std::uint64_t before = left_out(engine, record.id);
    const UniqueFd pipe = begin(dir, record, request.snap_length);
    Records records(request.count);
    copy_packets(pipe.get(), end.get(), to_output ? STDOUT_FILENO : file.get(), name, records);
    const std::uint64_t after = left_out(engine, record.id);
    return {records.count(), after > before ? after - before : 0};
}

} // namespace lib
