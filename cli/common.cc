// What several commands share, see cli/commands.h.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "lib/containers.h"

namespace cli {

void print_warnings(const std::vector<std::string>& warnings) {
    for (const std::string& warning : warnings) print_notice(cat("ctl: warning: ", escaped(warning)));
}

bool is_active(const lib::ContainerSummary& container) {
    return container.status != lib::ContainerStatus::created && container.status != lib::ContainerStatus::exited;
}

std::vector<std::string> container_ids(const lib::Engine& engine, Running running) {
    std::vector<std::string> ids;
    for (const auto& container : lib::list_containers(engine, running == Running::or_not)) ids.push_back(container.id);
    return ids;
}

} // namespace cli
