// pull, the worker's side: manifest, config and layers of one image from a registry into the store.
#pragma once

#include "base/oci/platform.h"
#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace lib::worker {

struct PullArguments {
    std::string name;                       ///< as typed
    std::optional<oci::Platform> platform;  ///< empty: this machine's, and any where the image offers one only
};

/// {"image": id, "name": …, "manifest": digest}. Throws Error; layers finished before stay in the store.
nlohmann::json pull(storage::Store& store, const PullArguments& arguments, Report& report);

} // namespace lib::worker
