// The processes beside a container's: who shows its files (our own overlay), and who serves its network. The monitor's part of
// them, over all runs.
#pragma once

#include "lib/container_network.h"
#include "lib/monitor.h"
#include "lib/monitor_io.h"
#include "lib/monitor_record.h"
#include "lib/overlay_server.h"
#include "rootless/surroundings.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lib {

class RunHelpers {
public:
    /// All outlive this. `end_container`: called when the container cannot go on for want of one of them.
    RunHelpers(MonitorJob& job, MonitorRecord& record, std::function<void()> end_container)
        : job_(job), record_(record), end_container_(std::move(end_container)), network_(*job.record, job.listeners, job.way, job.engine->paths.sockets) {}
    RunHelpers(const RunHelpers&) = delete;
    RunHelpers& operator=(const RunHelpers&) = delete;

    // ---- one run, in this order

    /// Of a run that is not the first: the namespaces it joins may have begun anew as well.
    void look_around();
    /// Starts who is needed before the container, and tells the job's extras.
    void prepare();
    /// The launch has failed: why one of them may be the cause; else empty.
    std::string await_problem() noexcept { return files_.await_end(); }
    /// The container's process is there.
    void start(int container_pidfd);
    void watch(MonitorIo& io, int container_pidfd);
    /// The container has ended. Returns when its files are written and its ports closed.
    void end(MonitorIo& io) noexcept;
    /// The run could not be begun.
    void give_up() noexcept { files_ = {}; }

    /// Somebody has left word of ports to be published, or of packets to be copied: does it and answers, or with `refusal` that alone.
    void take_changes(const std::string& refusal) noexcept;
    std::vector<PortMapping> ports() const;

private:
    /// Why it cannot be; empty when they are published.
    std::string change_ports(std::span<const PortMapping> wanted) noexcept;
    /// Why that cannot be; empty when its packets go there.
    std::string capture(const UniqueFd& pipe, std::uint32_t snap_length) noexcept;
    void watch_network(MonitorIo& io, int container_pidfd);
    void look_at_files(MonitorIo& io, int server);

    MonitorJob& job_;
    MonitorRecord& record_;
    const std::function<void()> end_container_;
    ContainerNetwork network_;
    OverlayServers files_;                ///< with our own overlay
    rootless::Surroundings surroundings_; ///< of a run that is not the first, or has that
};

} // namespace lib
