// Pipe pool, see netstack/pipes.h.
#include "netstack/pipes.h"

#include "netstack/splice.h"

#include <fcntl.h>
#include <unistd.h>

namespace netstack {

Pipe PipePool::take() noexcept {
    if (idle_count_ > 0) return std::move(idle_[--idle_count_]);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return {};
    ::fcntl(ends[1], F_SETPIPE_SZ, chunk_size); // best effort: above the user's soft limit it stays at 64 KiB or less
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void PipePool::give_back(Pipe pipe) noexcept {
    if (idle_count_ < idle_limit) idle_[idle_count_++] = std::move(pipe);
}

void PipePool::trim() noexcept {
    while (idle_count_ > 0) idle_[--idle_count_] = {};
}

} // namespace netstack
