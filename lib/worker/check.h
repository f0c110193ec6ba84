// The deep part of `ctl system check`: the archive of each layer is made again, as for a push, and its digest compared with the
// layer's; where it differs, its files are read and compared with the index, which says what is wrong. What the archive
// does not show, such as owners on disk, is compared in any case.
#pragma once

#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"layers": [diff-id…]}: {"damaged": [{"layer": diff-id, "differences": ["etc/passwd: other content"…]}…]}, in that order.
nlohmann::json check_layers(storage::Store& store, const nlohmann::json& request, Report& report);

} // namespace lib::worker
