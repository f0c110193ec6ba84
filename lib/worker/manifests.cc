// See lib/worker/manifests.h.
#include "lib/worker/manifests.h"

#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
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

/// What a list keeps of a descriptor.
json kept_of(const json& descriptor) {
    json kept;
    for (const char* key : {"mediaType", "digest", "size", "platform", "annotations", "artifactType"})
        if (descriptor.contains(key)) kept[key] = descriptor[key];
    return kept;
}

/// One source of the request, as the fetcher reaches it.
struct Source {
    Fetcher& fetcher;
    std::size_t number;

    RawManifest fetch_manifest(const std::string& tag_or_digest) const { return fetcher.fetch_manifest(number, tag_or_digest); }
};

/// Of an index with `all` what it lists, else the one for the platform.
json entries_of(const Source& source, const RawManifest& fetched, const json& request) {
    json entries = json::array();
    const auto document = oci::parse_manifest_or_index(fetched.body, fetched.media_type);
    const auto* index = std::get_if<oci::Index>(&document);
    if (index != nullptr && oci::Fields(request, "the request").flag("all")) {
        const json raw = oci::parse_json_text(fetched.body, "index");
        for (const oci::Fields& entry : oci::Fields(raw, "index").objects("manifests")) entries.push_back(kept_of(entry.raw()));
        return entries;
    }
    ChosenManifest chosen = choose_manifest(fetched, parse_wanted_platform(request).value_or(oci::host_platform()),
                                            [&](const oci::Descriptor& entry) { return source.fetch_manifest(entry.digest.str()); });
    const oci::Manifest manifest = oci::parse_manifest(chosen.raw.body, chosen.raw.media_type);
    if (!chosen.platform) chosen.platform = oci::parse_image_config(source.fetcher.fetch_blob(source.number, manifest.config, config_limit)).platform;
    entries.push_back(descriptor_of(manifest.media_type, chosen.raw.digest, chosen.raw.body.size(), chosen.platform));
    return entries;
}

json find_at(const Source& source, const std::string& tag_or_digest, const json& request) {
    const RawManifest fetched = source.fetch_manifest(tag_or_digest);
    return {{"body", fetched.body}, {"media_type", fetched.media_type}, {"entries", entries_of(source, fetched, request)}};
}

} // namespace

json find_manifests(storage::Store&, Fetcher& fetcher, const json& request, Report&) {
    const oci::Reference reference = oci::parse_reference(oci::Fields(request, "the request").required_text("name"));
    const std::size_t sources = parse_sources(request).size();
    for (std::size_t i = 0;; ++i) {
        try {
            return find_at({fetcher, i}, reference.digest ? reference.digest->str() : reference.tag, request);
        } catch (const Error&) {
            if (i + 1 == sources) throw; // a mirror that has it not is passed over
        }
    }
}

json put_manifest(const json& request, Report& report) {
    const registry::Access access = parse_access(request.at("access"), report);
    const registry::Endpoint target = parse_endpoint(request.at("endpoint"));
    const oci::Fields fields(request, "the request");
    const std::string body = fields.required_text("body");
    registry::Client client(target, access, scopes(target, "pull,push"));
    registry::Uploader(client).put_manifest(fields.required_text("tag"), fields.required_text("media_type"), body);
    return {{"digest", storage::sha256_digest(body)}};
}

} // namespace lib::worker
