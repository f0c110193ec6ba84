// login, the worker's side: whether the registry believes us.
#pragma once

#include "lib/worker/report.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"registry": endpoint, "access": {…}}: {"valid": true}, or false where the registry refuses the password. Throws Error for
/// everything else.
nlohmann::json log_in(const nlohmann::json& request, Report& report);

} // namespace lib::worker
