// The pipes that splice(2) needs between two sockets, shared by all flows.
#pragma once

#include "base/unique_fd.h"

#include <array>
#include <cstddef>

namespace netstack {

/// A flow borrows a pipe while it has data on the way and brings it back empty, so idle flows cost none.
class PipePool {
public:
    /// An empty non-blocking pipe; both ends invalid when none is to be had now (no descriptors, no pipe memory).
    Pipe take() noexcept;
    /// `pipe` must be empty.
    void give_back(Pipe pipe) noexcept;
    /// Closes what lies idle. Large pipes count against the user's fs.pipe-user-pages-soft (64 MiB by default).
    void trim() noexcept;
    bool empty() const noexcept { return idle_count_ == 0; }

private:
    static constexpr std::size_t idle_limit = 8;
    std::array<Pipe, idle_limit> idle_;
    std::size_t idle_count_ = 0;
};

} // namespace netstack
