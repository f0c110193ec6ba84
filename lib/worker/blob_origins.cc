// See lib/worker/blob_origins.h.
#include "lib/worker/blob_origins.h"

#include "base/error.h"
#include "lib/worker/request.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace lib::worker {

BlobOrigins::Origin::Origin(std::string where, registry::Endpoint endpoint, const registry::Access& access)
    : place(std::move(where)), client(endpoint, access, registry::Scopes{cat("repository:", endpoint.repository, ":pull")}) {}

BlobOrigins::BlobOrigins(const nlohmann::json& request) {
    const auto places = request.find("origins");
    if (places == request.end()) return;
    access_ = parse_access(request.at("access"));
    access_.attempts = 1; // packing the layer again is the other way
    for (const auto& [place, endpoint] : places->items()) origins_.emplace_back(place, parse_endpoint(endpoint), access_);
}

bool BlobOrigins::try_each(const oci::Descriptor& blob, const std::vector<std::string>& places, const std::function<void(const Open&)>& take) {
    for (const std::string& place : places) {
        const auto origin = std::ranges::find(origins_, place, &Origin::place);
        if (origin == origins_.end() || origin->failed) continue;
        try {
            take([&](std::uint64_t offset) { return origin->client.open_blob(blob, offset); });
            return true;
        } catch (const Error&) {
            origin->failed = true;
        }
    }
    return false;
}

} // namespace lib::worker
