// What is done with a manifest in a registry that is neither fetched nor sent: deleted, or asked who refers to it.
#pragma once

#include "lib/worker/report.h"

#include <nlohmann/json_fwd.hpp>

namespace lib::worker {

/// {"endpoint", "access", "reference": tag or digest}: deletes the manifest that it leads to, with all its tags (distribution-spec,
/// "Deleting manifests"). {"digest"}.
nlohmann::json delete_manifest(const nlohmann::json& request, Report& report);

/// {"endpoint", "access", "reference"}: {"digest", "referrers": [descriptors]}. A registry without the API has them in an index under
/// the tag sha256-HEX (distribution-spec, "Listing Referrers", "Unavailable Referrers API").
nlohmann::json list_referrers(const nlohmann::json& request, Report& report);

} // namespace lib::worker
