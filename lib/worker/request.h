// What the parent asks for, as the JSON document on stdin: where the registries are and how they are spoken to
// (lib/registry_access.h writes it).
#pragma once

#include "base/oci/platform.h"
#include "lib/registry/client.h"
#include "lib/worker/report.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace lib::worker {

/// Throws Error for what is no document.
nlohmann::json read_request();

registry::Access parse_access(const nlohmann::json& document);
/// The same, and `report`, which must outlive it, hears of attempts that are repeated.
registry::Access parse_access(const nlohmann::json& document, Report& report);
registry::Endpoint parse_endpoint(const nlohmann::json& document);
/// The "sources" of the request, at least one.
std::vector<registry::Endpoint> parse_sources(const nlohmann::json& request);
/// The member "platform" of the request.
std::optional<oci::Platform> parse_wanted_platform(const nlohmann::json& request);

} // namespace lib::worker
