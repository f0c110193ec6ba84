// pull, the worker's side: manifest, config and layers of one image from a registry into the store.
#pragma once

#include "lib/worker/fetcher.h"
#include "lib/worker/report.h"
#include "storage/store.h"

namespace lib::worker {

/// {"name": qualified, "platform": os/architecture[/variant] or empty, "sources": […], "access": {…}, "names": those
/// the image is to have in place of "name"}. Sources are tried in their order. {"image": id, "name": …, "manifest": digest}. Throws
/// Error; layers finished before stay in the store.
nlohmann::json pull(storage::Store& store, Fetcher& fetcher, const nlohmann::json& request, Report& report);

} // namespace lib::worker
