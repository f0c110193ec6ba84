// See lib/worker/manifests.h.
#include "lib/worker/manifests.h"

#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/registry/upload.h"
#include "lib/worker/choose_manifest.h"
#include "lib/worker/image.h"
#include "lib/worker/request.h"
#include "storage/digest.h"

#include <optional>

namespace lib::worker {
namespace {

using nlohmann::json;

registry::Scopes scopes(const registry::Endpoint& endpoint, const char* actions) { return {cat("repository:", endpoint.repository, ":", actions)}; }

json descriptor_of(const std::string& media_type, const oci::Digest& digest, std::uint64_t size, const std::optional<oci::Platform>& platform) {
    json descriptor{{"mediaType", media_type}, {"digest", digest.str()}, {"size", size}};
    if (!platform) return descriptor;
    descriptor["platform"] = {{"os", platform->os}, {"architecture", platform->architecture}};
    if (!platform->variant.empty()) descriptor["platform"]["variant"] = platform->variant;
    return descriptor;
}

/// Of an index with `all` what it lists, else the one for the platform.
json entries_of(registry::Client& client, const registry::Client::FetchedManifest& fetched, const json& request) {
    json entries = json::array();
    const auto document = oci::parse_manifest_or_index(fetched.body, fetched.content_type);
    const auto* index = std::get_if<oci::Index>(&document);
    if (index != nullptr && oci::Fields(request, "the request").flag("all")) {
        for (const oci::Descriptor& entry : index->manifests) entries.push_back(descriptor_of(entry.media_type, entry.digest, entry.size, entry.platform));
        return entries;
    }
    const auto fetch = [&](const oci::Descriptor& entry) -> RawManifest {
        auto child = client.fetch_manifest(entry.digest.str());
        return {std::move(child.body), std::move(child.content_type), child.digest};
    };
    ChosenManifest chosen = choose_manifest({fetched.body, fetched.content_type, fetched.digest},
                                            parse_wanted_platform(request).value_or(oci::host_platform()), fetch);
    const oci::Manifest manifest = oci::parse_manifest(chosen.raw.body, chosen.raw.media_type);
    if (!chosen.platform) chosen.platform = oci::parse_image_config(client.fetch_blob(manifest.config, config_limit)).platform;
    entries.push_back(descriptor_of(manifest.media_type, chosen.raw.digest, chosen.raw.body.size(), chosen.platform));
    return entries;
}

/// Calls `use` with a client for each source until one answers.
template <class Use>
json first_that_answers(const json& request, const Use& use) {
    const registry::Access access = parse_access(request.at("access"));
    const std::vector<registry::Endpoint> sources = parse_sources(request);
    for (std::size_t i = 0;; ++i) {
        registry::Client client(sources[i], access, scopes(sources[i], "pull"));
        try {
            return use(client);
        } catch (const Error&) {
            if (i + 1 == sources.size()) throw; // a mirror that has it not is passed over
        }
    }
}

} // namespace

json find_manifests(storage::Store&, const json& request, Report&) {
    const oci::Reference reference = oci::parse_reference(oci::Fields(request, "the request").required_text("name"));
    return first_that_answers(request, [&](registry::Client& client) -> json {
        const auto fetched = client.fetch_manifest(reference.digest ? reference.digest->str() : reference.tag);
        return {{"body", fetched.body}, {"media_type", fetched.content_type}, {"entries", entries_of(client, fetched, request)}};
    });
}

json put_manifest(storage::Store&, const json& request, Report&) {
    const registry::Access access = parse_access(request.at("access"));
    const registry::Endpoint target = parse_endpoint(request.at("endpoint"));
    const oci::Fields fields(request, "the request");
    const std::string body = fields.required_text("body");
    registry::Client client(target, access, scopes(target, "pull,push"));
    registry::Uploader(client).put_manifest(fields.required_text("tag"), fields.required_text("media_type"), body);
    return {{"digest", storage::sha256_digest(body)}};
}

} // namespace lib::worker
