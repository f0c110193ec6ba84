// The process behind a container's root on FUSE: ctl-fuse, which the monitor starts before the container and looks after.
//
// It is in a user namespace of its own with the store's map, and neither in the container's nor in its mount namespace: nobody in
// the container can reach it but by using files. The container's outer process enters that user namespace to mount the file system
// (rootless/surroundings.h) and sends the device. From then on it lives as long as the mount, whatever becomes of the monitor.
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"
#include "lib/id_maps.h"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace lib {

/// What it is to show.
struct OverlayFiles {
    std::vector<int> layers; ///< borrowed, topmost first
    int container_dir = -1;  ///< borrowed; holds upper/ and work/
    std::string shift;       ///< RootLayers::shift
    bool is_volatile = false;
};

class OverlayServer {
public:
    /// Starts it. Throws Error. The caller must be single-threaded.
    OverlayServer(const Engine& engine, const OverlayFiles& files, const std::string& container_name);
    OverlayServer(const OverlayServer&) = delete;
    OverlayServer& operator=(const OverlayServer&) = delete;
    /// Kills it, if it has not been awaited.
    ~OverlayServer();

    int userns() const noexcept { return userns_.get(); }
    int pidfd() const noexcept { return pidfd_.get(); }
    /// Where the container's first process sends the device; until that has its copy.
    int device_socket() const noexcept { return device_socket_.get(); }
    void close_device_socket() noexcept { device_socket_.reset(); }

    /// It goes when the container's mount namespace does, and has written everything then; one that stays longer than a moment
    /// (somebody else is in there) is killed. "" or what went wrong with it.
    std::string await_end() noexcept;

private:
    [[noreturn]] void become(const OverlayFiles& files, int socket, const std::string& container_name);

    std::string path_;
    pid_t pid_ = -1;
    UniqueFd pidfd_;
    UniqueFd userns_;
    UniqueFd device_socket_;
    UniqueFd words_; ///< what it writes to standard error
};

} // namespace lib
