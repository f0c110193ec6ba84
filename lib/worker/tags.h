// What a registry has: tags of a repository, and repositories.
#pragma once

#include "lib/worker/report.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"sources", "access", "limit"}: {"tags": […]} of the first source that answers.
nlohmann::json list_tags(const nlohmann::json& request, Report& report);

} // namespace lib::worker
