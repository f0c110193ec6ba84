// The monitor's part of a container's default network: one object for the container's life, prepared anew for each run.
//
// The container's first process makes its interface (netstack/tap_setup.h) and sends it here; the net process, forked from
// the monitor, serves it. The monitor keeps the descriptor too, and the listening sockets: when the net process dies the
// interface stays, ports stay bound, and another one takes over within a moment. Established connections hear a reset.
// Where /dev/net/tun cannot be used a container has its loopback alone, and published ports go by tier T2
// (netstack/forward.h).
#pragma once

#include "base/unique_fd.h"
#include "lib/container_store.h"
#include "lib/network_option.h"
#include "lib/publish.h"
#include "lib/resolv_conf.h"
#include "netstack/tap_setup.h"
#include "rootless/plan.h"

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lib {

/// Whether the network can have an interface of its own (`tap`): asked before the start, by the command. Says by `notice`
/// what is missing.
enum class Way { none, tap };
Way choose_way(const ContainerRecord& record, const Notice& notice);

class ContainerNetwork {
public:
    /// All outlive this. `listeners` may be empty. `runtime_dir`: where the counters are shown.
    ContainerNetwork(const ContainerRecord& record, std::vector<Listener>& listeners, Way way, const std::string& runtime_dir)
        : record_(record), listeners_(listeners), way_(way), runtime_dir_(runtime_dir) {}
    ContainerNetwork(const ContainerNetwork&) = delete;
    ContainerNetwork& operator=(const ContainerNetwork&) = delete;

    /// What the first process has to do; before its launch.
    void prepare(rootless::PlanExtras& extras);
    /// Starts the net process, if there is anything for it to do; after the launch.
    void start(int container_pidfd);
    /// To be watched: readable when the net process has ended. -1: there is none.
    int process_fd() const noexcept { return process_ ? process_->get() : -1; }
    /// To be watched, from the start to the end of a run: readable when names_changed() may have something to do. -1: there is nothing.
    int names_fd() const noexcept { return resolv_conf_ ? resolv_conf_->fd() : -1; }
    /// This machine's resolv.conf may say something else: the net process, which cannot see it, is told.
    void names_changed() noexcept;
    /// After it ended while the container runs: another one. False when that has happened too often, or there cannot be one: then
    /// the interface is gone, and problem() says why.
    [[nodiscard]] bool restart() noexcept;
    /// While it runs: these are published from here on, and no others; what stays is not disturbed. Throws Error where a port
    /// cannot be had, or there is no interface; nothing has changed then.
    void change_ports(std::span<const PortMapping> wanted);
    /// While it runs: copies of its packets go to a pipe (netstack/capture.h). Throws Error.
    void capture(const UniqueFd& pipe, std::uint32_t snap_length);
    /// The container has ended: returns when no port of the run is bound any more by anybody but `listeners`.
    void end() noexcept;
    /// Why there is no way out although there was to be one.
    const std::string& problem() const noexcept { return tap_.problem; }

private:
    void fork_process();
    void number_listeners();
    void reap() noexcept;
    void give_up(std::string why) noexcept;

    const ContainerRecord& record_;
    std::vector<Listener>& listeners_;
    Way way_;
    const std::string& runtime_dir_;
    SocketPair line_;              ///< of the launch: the interface comes over it
    NetworkSettings settings_;
    netstack::TapPlan plan_;
    netstack::Tap tap_;
    UniqueFd container_;           ///< pidfd
    std::vector<std::uint32_t> ids_; ///< of the listeners, in their order
    std::uint32_t next_id_ = 0;
    UniqueFd control_;             ///< the net process hears of changed ports by it
    UniqueFd counters_;            ///< of the run: the file that the net processes show their work in, one after the other
    UniqueFd journal_;             ///< of the run: the connections, for a net process that follows another
    UniqueFd release_;             ///< the net process stays until it is closed
    UniqueFd done_;                ///< at its end when the net process has closed its listeners
    std::optional<ResolvConf> resolv_conf_; ///< until the monitor ends: closing an inotify(7) instance takes the kernel some milliseconds
    pid_t pid_ = -1;
    std::optional<UniqueFd> process_;
    std::vector<pid_t> ended_;     ///< perhaps still to be waited for
    std::deque<std::chrono::steady_clock::time_point> crashes_;
};

} // namespace lib
