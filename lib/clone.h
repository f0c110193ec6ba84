// container clone: a new container with the settings of one that exists.
#pragma once

#include "lib/engine.h"
#include "lib/run.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lib {

struct CloneRequest {
    std::string container;
    std::string name;                         ///< empty: the original's with "-clone"
    std::string image;                        ///< as typed; empty: the original's
    std::optional<double> cpus;
    std::optional<std::int64_t> cpu_quota;    ///< µs
    std::optional<std::uint64_t> cpu_period;  ///< µs
    std::optional<std::uint64_t> cpu_shares;
    std::optional<std::int64_t> memory;       ///< bytes
    std::optional<std::int64_t> memory_swap;  ///< bytes, -1: none
    std::optional<std::int64_t> memory_reservation; ///< bytes
    std::optional<std::string> cpuset_cpus;
    std::optional<std::string> cpuset_mems;
    bool destroy = false;                     ///< remove the original
    bool force = false;                       ///< also when it runs
};

/// The new id. Named volumes are shared, anonymous ones made anew; what the original has written is not taken over.
std::string clone_container(Engine& engine, const CloneRequest& request, const Callbacks& callbacks);

} // namespace lib
