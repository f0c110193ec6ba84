// See lib/container_network.h.
#include "lib/container_network.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/net_process.h"
#include "lib/network_stats.h"
#include "netstack/addresses.h"
#include "netstack/flow_journal.h"
#include "netstack/order.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lib {
namespace {

constexpr std::size_t most_crashes = 5; ///< within a minute are the end
constexpr std::chrono::minutes crash_window{1};

std::string how_it_ended(int wait_status) {
    if (WIFSIGNALED(wait_status)) return cat("killed by signal ", WTERMSIG(wait_status));
    return cat("with exit status ", WEXITSTATUS(wait_status));
}

/// Its size is that of what is mapped; memory is taken where something is written.
UniqueFd make_journal() {
    UniqueFd file(::memfd_create("ctl-connections", MFD_CLOEXEC));
    if (!file || ::ftruncate(file.get(), netstack::FlowJournal::file_size()) != 0) throw SysError{errno, "make a file of memory for the network's connections"};
    return file;
}

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
    crashes_.clear();
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
    if (!tap_.device && listeners_.empty()) return;
    counters_ = make_counters_file(runtime_dir_, record_.id);
    if (tap_.device) {
        journal_ = make_journal();
        if (resolv_conf_) (void)resolv_conf_->look();
        else resolv_conf_.emplace();
    }
    fork_process();
}

void ContainerNetwork::fork_process() {
    reap();
    Pipe done = sys::pipe(), release = sys::pipe();
    SocketPair control = sys::socket_pair(SOCK_SEQPACKET);
    number_listeners();
    NetProcess process;
    process.listeners = listeners_;
    process.ids = ids_;
    process.control = control.theirs.get();
    process.container_pidfd = container_.get();
    process.container_name = record_.name;
    process.tap = tap_.device.get();
    process.features = tap_.features;
    process.mtu = static_cast<std::uint16_t>(plan_.mtu);
    process.journal = journal_ ? journal_.get() : -1;
    process.counters = counters_ ? counters_.get() : -1;
    process.done = done.write.get();
    process.release = release.read.get();
    process.names = {record_.name};
    process.rules = settings_.rules;
    if (resolv_conf_) process.resolv_conf = resolv_conf_->bytes();
    pid_ = start_net_process(process);
    process_ = sys::pidfd_open(pid_);
    done_ = std::move(done.read);
    release_ = std::move(release.write);
    control_ = std::move(control.ours);
}

void ContainerNetwork::number_listeners() {
    while (ids_.size() < listeners_.size()) ids_.push_back(next_id_++);
}

void ContainerNetwork::change_ports(std::span<const PortMapping> wanted) {
    if (!tap_.device) throw Error("ports change while a container runs only where it has an interface; stop it, and it starts with the others");
    const auto stays = [&](const Listener& listener) { return std::ranges::find(wanted, listener.asked) != wanted.end(); };
    std::vector<PortMapping> missing;
    std::vector<Listener> added;
    for (const PortMapping& port : wanted) {
        if (std::ranges::find(listeners_, port, &Listener::asked) != listeners_.end()) continue;
        // One of the machine's ports that leads to another of the container's now: its socket is there already.
        const auto same = std::ranges::find_if(listeners_, [&](const Listener& listener) {
            PortMapping moved = listener.asked;
            moved.container_port = port.container_port;
            return port.host_port != 0 && moved == port && !stays(listener);
        });
        if (same == listeners_.end()) {
            missing.push_back(port);
            continue;
        }
        added.push_back({sys::dup(same->fd.get()), port, same->resolved});
        added.back().resolved.container_port = port.container_port;
    }
    for (Listener& listener : open_listeners(missing)) added.push_back(std::move(listener));
    number_listeners();
    using Kind = netstack::Order::Kind;
    bool answered = true;
    for (std::size_t i = listeners_.size(); i-- > 0;) {
        if (stays(listeners_[i])) continue;
        answered = netstack::send_order(control_.get(), {.kind = Kind::remove_port, .id = ids_[i]}, -1) == 0 && answered;
        listeners_.erase(listeners_.begin() + static_cast<std::ptrdiff_t>(i));
        ids_.erase(ids_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (Listener& listener : added) {
        // One that is just being replaced finds it among the listeners.
        answered = netstack::send_order(control_.get(),
                                        {.kind = Kind::add_port, .transport = listener.resolved.transport,
                                         .container_port = listener.resolved.container_port, .id = next_id_},
                                        listener.fd.get()) == 0 && answered;
        listeners_.push_back(std::move(listener));
        number_listeners();
    }
    if (!answered && pid_ > 0) ::kill(pid_, SIGKILL); // the next one begins with the ports as they are now
}

void ContainerNetwork::capture(const UniqueFd& pipe, std::uint32_t snap_length) {
    if (!tap_.device) throw Error("it has no interface, so there are no packets");
    const int error = netstack::send_order(control_.get(), {.kind = netstack::Order::Kind::capture, .snap_length = snap_length}, pipe.get());
    if (error == EBUSY) throw Error("its packets are being captured already");
    if (error != 0) throw SysError{error, "begin to capture its packets"};
}

void ContainerNetwork::names_changed() noexcept {
    if (!resolv_conf_->look() || !control_) return;
    (void)netstack::send_order(control_.get(), {.kind = netstack::Order::Kind::name_servers}, -1, resolv_conf_->bytes());
}

bool ContainerNetwork::restart() noexcept {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) ended_.push_back(pid_);
    pid_ = -1;
    process_.reset();
    const auto now = std::chrono::steady_clock::now();
    while (!crashes_.empty() && now - crashes_.front() > crash_window) crashes_.pop_front();
    crashes_.push_back(now);
    try {
        if (crashes_.size() >= most_crashes) throw Error("it has ended ", most_crashes, " times within a minute, at last ", how_it_ended(status));
        fork_process();
        return true;
    } catch (const Error& e) {
        give_up(e.what());
        return false;
    }
}

/// Without the interface the container hears at once that there is no way, and with the listeners closed so do its clients; for
/// another run, where there may be one, the listeners are needed.
void ContainerNetwork::give_up(std::string why) noexcept {
    tap_ = {};
    tap_.problem = std::move(why);
    release_.reset();
    control_.reset();
    if (record_.restart_policy.empty()) listeners_.clear(), ids_.clear();
}

void ContainerNetwork::end() noexcept {
    // The net process closes the interface last: that takes the kernel some milliseconds, which nobody waits for.
    tap_.device.reset();
    if (counters_) remove_counters_file(runtime_dir_, record_.id);
    counters_.reset();
    journal_.reset();
    release_.reset();
    process_.reset();
    if (done_) sys::wait_readable(done_.get(), std::chrono::hours(1));
    done_.reset();
    container_.reset();
    if (pid_ > 0) ended_.push_back(pid_);
    pid_ = -1;
    control_.reset();
    if (record_.restart_policy.empty()) listeners_.clear(), ids_.clear();
    reap();
}

void ContainerNetwork::reap() noexcept {
    std::erase_if(ended_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

} // namespace lib
