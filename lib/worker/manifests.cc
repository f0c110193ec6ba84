// See lib/worker/manifests.h.
#include "lib/worker/manifests.h"

#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/registry/upload.h"
#include "lib/worker/image.h"
#include "lib/worker/parallel.h"
#include "lib/worker/request.h"
#include "storage/digest.h"
#include "storage/spool.h"

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

json entries_of(registry::Client& client, const registry::Client::FetchedManifest& fetched, const json& request) {
    const auto document = oci::parse_manifest_or_index(fetched.body, fetched.content_type);
    json entries = json::array();
    if (const auto* manifest = std::get_if<oci::Manifest>(&document)) {
        const oci::Platform platform = oci::parse_image_config(client.fetch_blob(manifest->config, config_limit)).platform;
        entries.push_back(descriptor_of(manifest->media_type, fetched.digest, fetched.body.size(), platform));
        return entries;
    }
    const auto& index = std::get<oci::Index>(document);
    const oci::Platform wanted = parse_wanted_platform(request).value_or(oci::host_platform());
    const bool all = oci::Fields(request, "the request").flag("all");
    const oci::Descriptor* chosen = all ? nullptr : &oci::choose_platform(index, wanted);
    for (const oci::Descriptor& entry : index.manifests)
        if (all || &entry == chosen) entries.push_back(descriptor_of(entry.media_type, entry.digest, entry.size, entry.platform));
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
            return use(client, access);
        } catch (const Error&) {
            if (i + 1 == sources.size()) throw; // a mirror that has it not is passed over
        }
    }
}

void copy_blob(storage::Store& store, registry::Client& from, registry::Client& to, const oci::Descriptor& blob, Report& report) {
    registry::Uploader uploader(to);
    const std::string name = blob.digest.str();
    report.layer(name, LayerState::waiting, 0, blob.size);
    const bool same_host = from.endpoint().host == to.endpoint().host && from.endpoint().repository != to.endpoint().repository;
    if (uploader.has_blob(blob.digest) || (same_host && uploader.try_mount(blob.digest, from.endpoint().repository))) {
        report.layer(name, LayerState::exists, blob.size, blob.size);
        return;
    }
    const auto stream = from.open_blob(blob, 0);
    const storage::Spool spool(*stream, store.path("tmp"), [&](std::uint64_t done) { report.layer(name, LayerState::downloading, done, blob.size); });
    if (spool.digest() != name) throw Error("blob ", name, ": the registry sent content with another digest");
    uploader.put_blob(blob.digest, spool.size(), [&](std::uint64_t offset) { return spool.open(offset); });
    report.layer(name, LayerState::done, blob.size, blob.size);
}

} // namespace

json find_manifests(storage::Store&, const json& request, Report&) {
    const oci::Reference reference = oci::parse_reference(oci::Fields(request, "the request").required_text("name"));
    return first_that_answers(request, [&](registry::Client& client, const registry::Access&) -> json {
        const auto fetched = client.fetch_manifest(reference.digest ? reference.digest->str() : reference.tag);
        return {{"body", fetched.body}, {"media_type", fetched.content_type}, {"entries", entries_of(client, fetched, request)}};
    });
}

json copy_manifest(storage::Store& store, const json& request, Report& report) {
    const oci::Digest digest = oci::Fields(request, "the request").digest("digest");
    const registry::Endpoint target = parse_endpoint(request.at("endpoint"));
    return first_that_answers(request, [&](registry::Client& from, const registry::Access& access) -> json {
        const auto fetched = from.fetch_manifest(digest.str());
        const oci::Manifest manifest = oci::parse_manifest(fetched.body, fetched.content_type);
        registry::Client to(target, access, scopes(target, "pull,push"));
        std::vector<oci::Descriptor> blobs{manifest.config};
        for (const oci::Descriptor& layer : manifest.layers) {
            (void)oci::layer_compression(layer); // a foreign layer is no blob of the registry's
            blobs.push_back(layer);
        }
        run_parallel(blobs.size(), [&](std::size_t i) { copy_blob(store, from, to, blobs[i], report); });
        registry::Uploader(to).put_manifest(digest.str(), manifest.media_type, fetched.body);
        return {{"digest", digest.str()}};
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
