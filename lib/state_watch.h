// Waiting until a container's state may have changed, without looking again and again.
#pragma once

#include "base/unique_fd.h"
#include "lib/container_store.h"

#include <chrono>

namespace lib {

/// Woken by inotify on the container's directory. Where no instance is left, the time has to do.
class StateWatch {
public:
    explicit StateWatch(const ContainerDir& dir);
    /// Until a file of the container was replaced, the directory moved or `also` (a pidfd, -1: nothing) became readable; at
    /// most for that long. Changes since the last call count, so look at the state before the first one.
    void wait(std::chrono::milliseconds longest, int also = -1) const;

private:
    UniqueFd watch_;
};

} // namespace lib
