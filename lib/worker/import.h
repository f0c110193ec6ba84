// import, the worker's side: a tar as the only layer of a new image.
#pragma once

#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"config", "name"}, and the tar on descriptor 3: {"image": id}. Throws Error.
nlohmann::json import(storage::Store& store, const nlohmann::json& request, Report& report);

} // namespace lib::worker
