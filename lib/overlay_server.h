// The processes behind a container's files on FUSE: ctl-fuse, one for its root and one for each overlay mounted in it, which the
// monitor starts before the container and looks after.
//
// They are in a user namespace of their own with the store's map, and neither in the container's nor in its mount namespace: nobody
// in the container can reach them but by using files. The container's outer process enters that user namespace to mount the file
// systems (rootless/surroundings.h) and sends the devices. From then on they live as long as the mounts, whatever becomes of the
// monitor.
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"
#include "rootless/plan.h"

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace lib {

/// What one of them is to show.
struct OverlayFiles {
    std::string destination;        ///< in the container; empty: its root
    std::vector<int> layers;        ///< borrowed, topmost first,
    std::vector<std::string> lower; ///< or by their paths
    std::string upper;              ///< path; empty: read-only
    std::string work;
    std::string shift;              ///< RootLayers::shift
    bool is_volatile = false;
    std::vector<std::string> pointers{}; ///< RootLayers::pointers
};

class OverlayServer {
public:
    /// Starts it, in a new user namespace or in `userns`. Throws Error. The caller must be single-threaded.
    OverlayServer(const rootless::UserNamespace& userns, const OverlayFiles& files, const std::string& container_name);
    OverlayServer(const OverlayServer&) = delete;
    OverlayServer& operator=(const OverlayServer&) = delete;
    /// Kills it, if it has not been awaited.
    ~OverlayServer();

    int userns() const noexcept { return userns_.get(); }
    int pidfd() const noexcept { return pidfd_.get(); }
    const std::string& destination() const noexcept { return destination_; }
    /// Where the container's first process sends the device; until that has its copy.
    int device_socket() const noexcept { return device_socket_.get(); }
    void close_device_socket() noexcept { device_socket_.reset(); }

    /// It goes when the container's mount namespace does, and has written everything then. At `others_end` it is told to go even
    /// where somebody else uses the files still; at `deadline` it is killed. "" or what went wrong with it.
    std::string await_end(std::chrono::steady_clock::time_point others_end, std::chrono::steady_clock::time_point deadline) noexcept;

private:
    bool ends_until(std::chrono::steady_clock::time_point deadline, bool told) const;
    [[noreturn]] void become(const OverlayFiles& files, int socket, const std::string& container_name);

    std::string path_;
    std::string destination_;
    pid_t pid_ = -1;
    UniqueFd pidfd_;
    UniqueFd userns_;
    UniqueFd device_socket_;
    UniqueFd words_; ///< what it writes to standard error
};

/// All of one run, in one user namespace.
class OverlayServers {
public:
    OverlayServers() = default;
    OverlayServers(const Engine& engine, const std::vector<OverlayFiles>& files, const std::string& container_name);

    bool empty() const noexcept { return servers_.empty(); }
    int userns() const noexcept { return servers_.front()->userns(); }
    /// Where the devices go.
    void tell(rootless::PlanExtras& extras) const;
    /// The container has the sockets.
    void close_device_sockets() noexcept;
    std::vector<int> pidfds() const;
    /// Of those that have ended: what went wrong, or "". An unmount is nothing wrong, and comes before the container's own end is seen.
    std::string take_ended() noexcept;
    /// Awaits all. "" or what went wrong with the first of them that something went wrong with.
    std::string await_end() noexcept;

private:
    std::vector<std::unique_ptr<OverlayServer>> servers_;
};

} // namespace lib
