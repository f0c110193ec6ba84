// Manifests as such, the worker's side of manifest lists: looked up and put.
#pragma once

#include "lib/worker/fetcher.h"
#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"sources", "access", "name", "platform", "all"}: {"body", "media_type", "entries": [descriptors with platforms]}. Of an index
/// the entries are the manifest for the platform, or all of them.
nlohmann::json find_manifests(storage::Store& store, Fetcher& fetcher, const nlohmann::json& request, Report& report);

/// {"endpoint", "access", "tag", "body", "media_type"}: {"digest"}.
nlohmann::json put_manifest(const nlohmann::json& request, Report& report);

} // namespace lib::worker
