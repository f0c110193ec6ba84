// search, the worker's side: the repositories of a registry whose names hold a term.
#pragma once

#include "lib/worker/report.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"registry": endpoint, "access", "term", "limit"}: {"found": [{"name", "description", "stars", "official", "automated"}]}. The
/// first version's search where the registry has it (Docker Hub, Quay), otherwise its catalog.
nlohmann::json search(const nlohmann::json& request, Report& report);

} // namespace lib::worker
