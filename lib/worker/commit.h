// commit, the worker's side: a container's files as a new layer, and the image around it.
#pragma once

#include "base/unique_fd.h"
#include "lib/worker/report.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lib::worker {

/// `request`: what lib/commit.cc writes. `tree`: the container's upper directory, or its whole root where it says "squash".
/// {"image": id}.
nlohmann::json commit(storage::Store& store, const std::string& request, UniqueFd tree, Report& report);

} // namespace lib::worker
