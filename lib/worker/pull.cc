// pull, the worker's side, see lib/worker/pull.h.
#include "lib/worker/pull.h"

#include "base/error.h"
#include "base/oci/reference.h"
#include "lib/registry/client.h"
#include "lib/worker/image.h"
#include "lib/worker/partial.h"

#include <nlohmann/json.hpp>

namespace lib::worker {
namespace {

struct ResolvedManifest {
    oci::Manifest manifest;
    std::string json;
    oci::Digest digest;                     ///< of `json`
    std::optional<oci::Digest> index_digest; ///< of the index it was chosen from
};

ResolvedManifest fetch_child(registry::Client& client, const oci::Index& index, const oci::Digest& index_digest,
                             const oci::Platform& platform) {
    const oci::Descriptor& chosen = oci::choose_platform(index, platform);
    auto child = client.fetch_manifest(chosen.digest.str());
    if (child.body.size() != chosen.size)
        throw Error("manifest ", chosen.digest.str(), ": has ", child.body.size(), " bytes, but its index says ", chosen.size);
    // The index's word on the type counts as much as the transport's: they must not contradict each other.
    oci::Manifest manifest = oci::parse_manifest(child.body, child.content_type);
    if (!chosen.media_type.empty() && manifest.media_type != chosen.media_type)
        throw Error("manifest ", chosen.digest.str(), ": is ", manifest.media_type, ", but its index says ",
                    oci::printable(chosen.media_type));
    return {std::move(manifest), std::move(child.body), child.digest, index_digest};
}

ResolvedManifest fetch_manifest(registry::Client& client, const oci::Reference& reference, const oci::Platform& platform) {
    auto fetched = client.fetch_manifest(reference.digest ? reference.digest->str() : reference.tag);
    auto document = oci::parse_manifest_or_index(fetched.body, fetched.content_type);
    if (const auto* index = std::get_if<oci::Index>(&document)) return fetch_child(client, *index, fetched.digest, platform);
    return {std::get<oci::Manifest>(std::move(document)), std::move(fetched.body), fetched.digest, std::nullopt};
}

FoundImage find_image(registry::Client& client, const oci::Reference& reference, const PullArguments& arguments, Report& report) {
    ResolvedManifest resolved = fetch_manifest(client, reference, arguments.platform.value_or(oci::host_platform()));
    std::string config_json = client.fetch_blob(resolved.manifest.config, config_limit);
    oci::ImageConfig config = check_config(resolved.manifest, config_json);
    check_platform(config, arguments.platform, report);
    FoundImage found{std::move(resolved.manifest), std::move(resolved.json), resolved.digest, std::move(config),
                     std::move(config_json), {}, {reference.name() + "@" + resolved.digest.str()}};
    if (resolved.index_digest) found.repo_digests.push_back(reference.name() + "@" + resolved.index_digest->str());
    // A name with a digest names exactly that content: the tag in it is for humans and moves nothing.
    if (!reference.digest) found.names.push_back(reference.str());
    return found;
}

nlohmann::json pull(storage::Store& store, const oci::Reference& reference, const PullArguments& arguments, Report& report) {
    if (reference.registry == "localhost")
        throw Error("localhost/ is for local images, and this one is not there; a registry on this machine is named with its "
                    "port, as in localhost:5000/x");
    const auto conf = registry::RegistriesConf::load();
    registry::Client client(conf.endpoint(reference), conf);
    const FoundImage found = find_image(client, reference, arguments, report);
    const auto open_layer = [&](const LayerJob& job, const std::atomic<bool>& cancelled) -> std::unique_ptr<LayerSource> {
        return std::make_unique<PartialDownload>(client, store, found.manifest.layers[job.index], report, cancelled);
    };
    const storage::Image image = store_image(store, found, open_layer, report);
    return {{"image", image.id}, {"name", found.names.empty() ? "" : found.names[0]}, {"manifest", found.manifest_digest.str()}};
}

} // namespace

nlohmann::json pull(storage::Store& store, const PullArguments& arguments, Report& report) {
    const oci::Reference reference = oci::parse_reference(arguments.name);
    try {
        return pull(store, reference, arguments, report);
    } catch (Error& e) {
        e.add_context("pull " + reference.str());
        throw;
    }
}

} // namespace lib::worker
