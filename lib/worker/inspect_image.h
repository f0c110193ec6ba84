// image inspect --remote, the worker's side: manifest and config of an image where it is.
#pragma once

#include "lib/worker/fetcher.h"
#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"source": as make_source (archives: descriptor 4), "platform", "all"}: {"body", "digest"} of what the name leads to. With "all"
/// {"manifest", "media_type", "config"} as well, of an index those for the platform.
nlohmann::json inspect_image(storage::Store& store, const nlohmann::json& request, Report& report);
/// In a registry.
nlohmann::json inspect_fetched_image(storage::Store& store, Fetcher& fetcher, const nlohmann::json& request, Report& report);

} // namespace lib::worker
