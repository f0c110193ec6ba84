// The deep part of `ctl system check`: layers read and compared with their indexes.
#pragma once

#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"layers": [diff-id…]}: {"damaged": [{"layer": diff-id, "differences": ["etc/passwd: other content"…]}…]}, in that order.
nlohmann::json check_layers(storage::Store& store, const nlohmann::json& request, Report& report);

} // namespace lib::worker
