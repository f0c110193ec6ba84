// See lib/run_helpers.h.
#include "lib/run_helpers.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/given_capture.h"
#include "lib/given_ports.h"
#include "lib/namespaces.h"

#include <sys/epoll.h>

#include <chrono>

namespace lib {

void RunHelpers::look_around() {
    if (job_.fuse.empty()) surroundings_ = open_surroundings(*job_.engine, *job_.spec);
    job_.extras.surroundings = &surroundings_;
}

/// The user namespace of the files' processes is where the container begins.
void RunHelpers::prepare() {
    network_.prepare(job_.extras);
    if (job_.fuse.empty()) return;
    files_ = OverlayServers(*job_.engine, job_.fuse, job_.record->name);
    surroundings_ = open_surroundings(*job_.engine, *job_.spec, files_.userns());
    job_.extras.surroundings = &surroundings_;
    files_.tell(job_.extras);
}

void RunHelpers::start(int container_pidfd) {
    files_.close_device_sockets();
    network_.start(container_pidfd);
}

void RunHelpers::watch(MonitorIo& io, int container_pidfd) {
    for (const int server : files_.pidfds()) io.watch(server, EPOLLIN, [this, &io, server](std::uint32_t) { look_at_files(io, server); });
    watch_network(io, container_pidfd);
    if (network_.names_fd() >= 0) io.watch(network_.names_fd(), EPOLLIN, [this](std::uint32_t) { network_.names_changed(); });
    if (!network_.problem().empty()) record_.network_failed(network_.problem());
}

void RunHelpers::watch_network(MonitorIo& io, int container_pidfd) {
    if (network_.process_fd() < 0) return;
    io.watch(network_.process_fd(), EPOLLIN, [this, &io, container_pidfd](std::uint32_t) {
        io.unwatch(network_.process_fd());
        if (sys::wait_readable(container_pidfd, std::chrono::milliseconds(0))) return; // at the container's end it is as it should be
        if (!network_.restart()) return record_.network_ended(network_.problem());
        record_.network_restarted();
        watch_network(io, container_pidfd);
    });
}

/// A process behind them has ended: because nothing is mounted any more, or the container has to.
void RunHelpers::look_at_files(MonitorIo& io, int server) {
    io.unwatch(server);
    const std::string why = files_.take_ended();
    if (why.empty()) return;
    end_container_();
    io.say_at_end(cat("ctl: container ", job_.record->name, ": ", record_.files_lost(why), job_.record->tty ? "\r\n" : "\n"));
}

void RunHelpers::end(MonitorIo& io) noexcept {
    if (network_.process_fd() >= 0) io.unwatch(network_.process_fd());
    if (network_.names_fd() >= 0) io.unwatch(network_.names_fd());
    network_.end();
    for (const int server : files_.pidfds()) io.unwatch(server);
    const std::string why = files_.await_end(); // what was written is there for all who hear of the end
    if (!why.empty()) record_.files_cut_short(why);
    files_ = {};
}

void RunHelpers::take_changes(const std::string& refusal) noexcept {
    try {
        if (const auto wanted = take_given_ports(*job_.dir)) answer_given_ports(*job_.dir, refusal.empty() ? change_ports(*wanted) : refusal);
        if (const auto given = take_given_capture(*job_.dir))
            answer_given_capture(*job_.dir, refusal.empty() ? capture(given->pipe, given->snap_length) : refusal);
    } catch (const Error&) {
        return; // a full disk, say: who asked hears nothing, and says so
    }
}

std::string RunHelpers::change_ports(std::span<const PortMapping> wanted) noexcept {
    try {
        network_.change_ports(wanted);
        record_.publishes(ports());
        return {};
    } catch (const Error& e) {
        return e.what();
    }
}

std::string RunHelpers::capture(const UniqueFd& pipe, std::uint32_t snap_length) noexcept {
    try {
        network_.capture(pipe, snap_length);
        return {};
    } catch (const Error& e) {
        return e.what();
    }
}

std::vector<PortMapping> RunHelpers::ports() const {
    std::vector<PortMapping> ports;
    for (const Listener& listener : job_.listeners) ports.push_back(listener.resolved);
    return ports;
}

} // namespace lib
