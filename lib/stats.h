// stats: what running containers use of the machine.
//
// A container with limits has a cgroup, whose counters are exact. One without has none (docs/limits.md): then what its
// processes have is added up. CPU time is theirs and that of children they have waited for; memory is the proportional
// share (PSS), where the kernel lets us look, else what is resident; block I/O is that of the processes that live.
#pragma once

#include "lib/engine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lib {

struct ContainerStats {
    std::string id;
    std::string name;
    bool running = false;
    bool from_cgroup = false;
    std::int64_t taken = 0;          ///< ns since the epoch
    std::int64_t started = 0;        ///< ns since the epoch
    std::uint64_t cpu_ns = 0;        ///< since the start
    std::uint64_t cpu_system_ns = 0;
    std::uint64_t memory = 0;        ///< bytes
    std::optional<std::uint64_t> memory_limit; ///< bytes
    std::uint64_t pids = 0;          ///< processes and threads
    std::uint64_t block_read = 0;    ///< bytes
    std::uint64_t block_written = 0;
    std::optional<std::uint64_t> net_received; ///< bytes; empty without a network namespace of its own
    std::optional<std::uint64_t> net_sent;
};

/// `names` empty: those that run, with `all` every container; newest first. Throws Error for a name that does not exist.
std::vector<ContainerStats> container_stats(const Engine& engine, const std::vector<std::string>& names, bool all);

/// The sums of /proc/PID/net/dev over all interfaces but lo: received, sent.
std::pair<std::uint64_t, std::uint64_t> parse_net_dev(const std::string& text);
/// The number behind `key` in a file of "key value" lines (cpu.stat) or "key: value kB" lines (smaps_rollup); 0 without it.
std::uint64_t parse_counter(const std::string& text, const std::string& key);
/// Sums of rbytes and wbytes over the devices of io.stat.
std::pair<std::uint64_t, std::uint64_t> parse_io_stat(const std::string& text);

} // namespace lib
