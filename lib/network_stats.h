// What the net process of a running container shows of its work: <where its sockets are>/net/<container id>, a file that it has mapped
// (netstack/counters_page.h). The monitor makes the file for a run and removes it afterwards.
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"
#include "netstack/counters.h"

#include <string>
#include <vector>

namespace lib {

struct NetworkStats {
    std::string id;
    std::string name;
    bool has_interface = false; ///< else its published ports alone are counted, as streams
    int restarts = 0;           ///< of the process that counts
    netstack::Counters counters;
};

/// `names` empty: the running containers that have counters, newest first. Throws Error for a name without, saying why.
std::vector<NetworkStats> network_stats(const Engine& engine, const std::vector<std::string>& names);

/// Nothing where the directory cannot be written to, or others can: a container runs without.
UniqueFd make_counters_file(const std::string& runtime_dir, const std::string& container_id) noexcept;
void remove_counters_file(const std::string& runtime_dir, const std::string& container_id) noexcept;

} // namespace lib
