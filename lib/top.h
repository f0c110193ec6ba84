// top: the processes of a container as a table, with Podman's columns.
#pragma once

#include "lib/engine.h"

#include <string>
#include <vector>

namespace lib {

struct TopTable {
    std::vector<std::string> headings;
    std::vector<std::vector<std::string>> rows;
};

/// `columns`: descriptors (podman-top(1): pid, huser, capeff, …) or ps's codes (%p), one a word or separated by commas; "-o
/// LIST" and what ps calls everything ("aux", "-ef") are understood as well. Empty: user pid ppid pcpu etime tty time args.
/// Throws Error where the container does not run or a column is unknown.
TopTable top_container(Engine& engine, const std::string& id_or_name, const std::vector<std::string>& columns);

/// The names of all columns, sorted.
std::vector<std::string> top_descriptors();

} // namespace lib
