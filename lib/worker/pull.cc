// pull, the worker's side, see lib/worker/pull.h.
#include "lib/worker/pull.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/worker/choose_manifest.h"
#include "lib/worker/image.h"
#include "lib/worker/partial.h"
#include "lib/worker/request.h"
#include "storage/layer_blobs.h"

#include <nlohmann/json.hpp>

namespace lib::worker {
namespace {

/// One source of the request, as the fetcher reaches it.
struct Source {
    Fetcher& fetcher;
    std::size_t number;

    RawManifest fetch_manifest(const std::string& tag_or_digest) const { return fetcher.fetch_manifest(number, tag_or_digest); }
};

struct ResolvedManifest {
    oci::Manifest manifest;
    std::string json;
    oci::Digest digest;                     ///< of `json`
    std::optional<oci::Digest> index_digest; ///< of the index it was chosen from
};

ResolvedManifest fetch_manifest(const Source& source, const oci::Reference& reference, const oci::Platform& platform) {
    const RawManifest root = source.fetch_manifest(reference.digest ? reference.digest->str() : reference.tag);
    RawManifest chosen = choose_manifest(root, platform, [&](const oci::Descriptor& entry) { return source.fetch_manifest(entry.digest.str()); }).raw;
    oci::Manifest manifest = oci::parse_manifest(chosen.body, chosen.media_type);
    const bool from_index = chosen.digest != root.digest;
    return {std::move(manifest), std::move(chosen.body), chosen.digest, from_index ? std::optional(root.digest) : std::nullopt};
}

FoundImage find_image(const Source& source, const oci::Reference& reference, const std::optional<oci::Platform>& platform, Report& report) {
    ResolvedManifest resolved = fetch_manifest(source, reference, platform.value_or(oci::host_platform()));
    std::string config_json = source.fetcher.fetch_blob(source.number, resolved.manifest.config, config_limit);
    oci::ImageConfig config = check_config(resolved.manifest, config_json);
    check_platform(config, platform, report);
    FoundImage found{std::move(resolved.manifest), std::move(resolved.json), resolved.digest, std::move(config),
                     std::move(config_json), {}, {reference.name() + "@" + resolved.digest.str()}};
    if (resolved.index_digest) found.repo_digests.push_back(reference.name() + "@" + resolved.index_digest->str());
    // A name with a digest names exactly that content: the tag in it is for humans and moves nothing.
    if (!reference.digest) found.names.push_back(reference.str());
    return found;
}

/// One command's pull, from whichever source has the image.
class Pull {
public:
    Pull(storage::Store& store, Fetcher& fetcher, const nlohmann::json& request, Report& report)
        : store_(store), fetcher_(fetcher), reference_(oci::parse_reference(oci::Fields(request, "the request").required_text("name"))),
          platform_(parse_wanted_platform(request)),
          names_(oci::Fields(request, "the request").texts("names")), sources_(parse_sources(request)),
          report_(report) {}

    nlohmann::json run() {
        for (std::size_t i = 0;; ++i) {
            try {
                nlohmann::json result = from(i);
                if (!tried_.empty()) report_.notice(cat("no mirror had it: ", tried_));
                return result;
            } catch (const Error& e) {
                if (i + 1 == sources_.size()) {
                    if (i == 0) throw;
                    throw Error(e.what(), " (mirrors before: ", tried_, ")");
                }
                tried_ += cat(i == 0 ? "" : "; ", sources_[i].host, ": ", e.what());
            }
        }
    }

private:
    nlohmann::json from(std::size_t number) {
        const registry::Endpoint& source = sources_[number];
        FoundImage found = find_image({fetcher_, number}, reference_, platform_, report_);
        if (names_) found.names = *names_;
        const auto open_layer = [&](const LayerJob& job, const std::atomic<bool>& cancelled) -> std::unique_ptr<LayerSource> {
            const auto open_blob = [this, number](const oci::Descriptor& blob, std::uint64_t offset) { return fetcher_.open_blob(number, blob, offset); };
            return std::make_unique<PartialDownload>(open_blob, store_, found.manifest.layers[job.index], report_, cancelled);
        };
        const storage::Image image = store_image(store_, found, open_layer, report_);
        remember_blobs(found, cat(source.host, "/", source.repository));
        return {{"image", image.id}, {"name", found.names.empty() ? "" : found.names[0]}, {"manifest", found.manifest_digest.str()}};
    }

    /// For a push of the image, or of one made from it, to the same registry.
    void remember_blobs(const FoundImage& found, const std::string& place) {
        for (std::size_t i = 0; i < found.manifest.layers.size(); ++i) {
            const oci::Descriptor& layer = found.manifest.layers[i];
            const oci::LayerCompression packing = oci::layer_compression(layer);
            const char* text = packing == oci::LayerCompression::gzip ? "gzip" : packing == oci::LayerCompression::zstd ? "zstd" : "none";
            storage::remember_layer_blob(store_, found.config.diff_ids[i].str(), {layer.digest.str(), layer.size, text, {place}});
        }
    }

    storage::Store& store_;
    Fetcher& fetcher_;
    const oci::Reference reference_;
    const std::optional<oci::Platform> platform_;
    const std::optional<std::vector<std::string>> names_;
    const std::vector<registry::Endpoint> sources_;
    Report& report_;
    std::string tried_;
};

} // namespace

nlohmann::json pull(storage::Store& store, Fetcher& fetcher, const nlohmann::json& request, Report& report) {
    return Pull(store, fetcher, request, report).run();
}

} // namespace lib::worker
