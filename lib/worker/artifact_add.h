// artifact add, the worker's side, and reading artifacts' blobs for damage.
#pragma once

#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"name", "mode": new, append or replace, "type", "file_type", "annotations": {…}, "titles": [a file's name each]}; the files come as
/// descriptors over the socket that is descriptor 3, in the order of the titles. {"digest": of the manifest}.
nlohmann::json add_artifact(storage::Store& store, const nlohmann::json& request, Report& report);

/// {"blobs": [digests]}: {"damaged": [those whose content is another]}.
nlohmann::json check_blobs(storage::Store& store, const nlohmann::json& request, Report& report);

} // namespace lib::worker
