// See lib/container_network.h.
#include "lib/container_network.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/net_process.h"
#include "netstack/addresses.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>

namespace lib {
namespace {

constexpr std::size_t most_crashes = 5; ///< within a minute
constexpr std::chrono::minutes crash_window{1};

} // namespace

Way choose_way(const ContainerRecord& record, const Notice& notice) {
    if (record.network != "default") return Way::none;
    const std::string problem = netstack::tun_problem();
    if (problem.empty()) return Way::tap;
    for (const PortMapping& port : record.ports)
        if (port.transport == Transport::udp) throw Error("udp ports cannot be published: ", problem);
    if (notice) notice(cat("the container's network has no way out: ", problem));
    return Way::none;
}

void ContainerNetwork::prepare(rootless::PlanExtras& extras) {
    extras.make_network = nullptr;
    extras.loopback_address = nullptr;
    tap_ = {};
    if (record_.network != "default") return;
    if (way_ == Way::none) {
        extras.loopback_address = netstack::container_v4_text;
        return;
    }
    line_ = sys::socket_pair(SOCK_SEQPACKET);
    plan_ = netstack::default_tap_plan();
    settings_ = parse_settings(record_.network_settings);
    if (settings_.mtu) plan_.mtu = *settings_.mtu;
    plan_.report_fd = line_.theirs.get();
    extras.make_network = netstack::configure_tap;
    extras.network_plan = &plan_;
}

void ContainerNetwork::start(int container_pidfd) {
    line_.theirs.reset();
    if (line_.ours) tap_ = netstack::receive_tap(line_.ours.get());
    line_ = {};
    container_ = sys::dup(container_pidfd);
    if (tap_.device || !listeners_.empty()) fork_process();
}

void ContainerNetwork::fork_process() {
    reap();
    Pipe done = sys::pipe(), release = sys::pipe();
    NetProcess process;
    process.listeners = listeners_;
    process.container_pidfd = container_.get();
    process.container_name = record_.name;
    process.tap = tap_.device.get();
    process.features = tap_.features;
    process.mtu = static_cast<std::uint16_t>(plan_.mtu);
    process.done = done.write.get();
    process.release = release.read.get();
    process.names = {record_.name};
    process.rules = settings_.rules;
    pid_ = start_net_process(process);
    process_ = sys::pidfd_open(pid_);
    done_ = std::move(done.read);
    release_ = std::move(release.write);
}

bool ContainerNetwork::restart() noexcept {
    ended_.push_back(pid_);
    pid_ = -1;
    process_.reset();
    const auto now = std::chrono::steady_clock::now();
    while (!crashes_.empty() && now - crashes_.front() > crash_window) crashes_.pop_front();
    crashes_.push_back(now);
    if (crashes_.size() > most_crashes || may_let_go()) return false;
    try {
        fork_process();
    } catch (const Error&) {
        return false;
    }
    return process_.has_value();
}

void ContainerNetwork::end() noexcept {
    // The net process closes the interface last: that takes the kernel some milliseconds, which nobody waits for.
    tap_.device.reset();
    release_.reset();
    process_.reset();
    if (done_) sys::wait_readable(done_.get(), std::chrono::hours(1));
    done_.reset();
    container_.reset();
    if (pid_ > 0) ended_.push_back(pid_);
    pid_ = -1;
    if (record_.restart_policy.empty()) listeners_.clear();
    reap();
}

void ContainerNetwork::reap() noexcept {
    std::erase_if(ended_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

} // namespace lib
