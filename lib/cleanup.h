// prune and cleanup: tidying up after containers that have ended.
#pragma once

#include "lib/containers.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lib {

struct PruneFilter {
    std::optional<std::int64_t> until; ///< only those made before, ns since the epoch
    std::vector<std::pair<std::string, std::optional<std::string>>> labels;     ///< all of them, with that value
    std::vector<std::pair<std::string, std::optional<std::string>>> not_labels; ///< none of them
};

/// `until=TIME`, `label=NAME[=VALUE]`, `label!=NAME[=VALUE]`. Throws Error.
PruneFilter parse_prune_filter(const std::vector<std::string>& words, std::int64_t now_ns);

struct Pruned {
    std::vector<std::string> ids;
    std::vector<Error> errors;
};
/// Removes all containers that do not run (and are not about to).
Pruned prune_containers(Engine& engine, const PruneFilter& filter);

struct CleanupOptions {
    bool remove = false;       ///< --rm: the container too
    bool remove_image = false; ///< --rmi: and its image
};
/// Does what a monitor that was killed could not do any more: the exit record, the control group, the attach socket, and the
/// removal of a --rm container. A container that runs is refused.
Outcomes clean_up_containers(Engine& engine, const std::vector<std::string>& names, const CleanupOptions& options);

/// Whether no container was made or started yet in this boot. To be asked before a storage driver is chosen.
bool is_first_of_boot(const Engine& engine);
/// Removes what a boot has ended for good: containers of --rm (but `except_id`) and transient ones.
void clear_up_after_boot(Engine& engine, const std::string& except_id);

} // namespace lib
