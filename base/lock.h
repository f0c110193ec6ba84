// Kernel-owned locks: flock(2) on a file, released by the kernel when its holders are gone, whatever killed them.
//
// A forked child that never execs keeps its parent's locks (close-on-exec does not help it): every long-lived child
// closes all descriptors but the ones it lists. Locks are taken in one order: store (shared) -> image -> layer or
// partial download -> container. Only garbage collection takes the store exclusively.
#pragma once

#include "base/unique_fd.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

class FileLock {
public:
    enum class Mode { shared, exclusive };

    /// Waits up to `patience`, then throws an Error naming the holder's pid (from /proc/locks). The file is created
    /// (0600) when missing. `on_wait`, if given, is called once with a sentence when it has to wait.
    static FileLock acquire(int dir_fd, const std::string& path, Mode mode,
                            std::chrono::milliseconds patience = std::chrono::minutes(10),
                            const std::function<void(const std::string&)>& on_wait = {});
    /// nullopt when another holds it.
    static std::optional<FileLock> try_acquire(int dir_fd, const std::string& path, Mode mode);

    /// Whether somebody holds the lock exclusively. Writes nothing and works on a read-only file system.
    static bool is_held(int dir_fd, const std::string& path);
    /// Blocks until nobody holds the lock exclusively and returns what the file says then: a holder may leave a last
    /// word in it, which its waiters get even when the file is unlinked meanwhile. Empty when there is no file.
    static std::string wait_until_free(int dir_fd, const std::string& path);

    int fd() const noexcept { return fd_.get(); }
    /// Unlocks now; destruction does the same.
    void release() noexcept { fd_.reset(); }

private:
    explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

/// The pid holding a flock on the open file, by /proc/locks; nullopt when nobody does or it cannot be told.
std::optional<long> find_lock_holder(int fd);
