// See lib/worker/commit.h.
#include "lib/worker/commit.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/manifest.h"
#include "lib/worker/made_image.h"
#include "storage/tree_tar.h"

#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace lib::worker {
namespace {

using nlohmann::json;

constexpr std::size_t request_limit = 32 << 20;
constexpr std::string_view docker_layer = "application/vnd.docker.image.rootfs.diff.tar";

/// The same bytes under the media type of the other format.
std::string layer_type(const oci::Descriptor& layer, bool docker) {
    const oci::LayerCompression compression = oci::layer_compression(layer);
    if (docker && compression == oci::LayerCompression::zstd)
        throw Error("a layer of the image is compressed with zstd, which Docker's format does not have: use --format oci");
    const std::string plain(docker ? docker_layer : oci::media_type::oci_layer);
    switch (compression) {
    case oci::LayerCompression::none: return plain;
    case oci::LayerCompression::gzip: return plain + (docker ? ".gzip" : "+gzip");
    case oci::LayerCompression::zstd: return plain + "+zstd";
    }
    return plain;
}

oci::Digest digest_of(const std::string& text) {
    const auto digest = oci::Digest::find(text);
    if (!digest) throw Error("the request names no digest: ", oci::printable(text));
    return *digest;
}

/// From owners on disk to those that the container sees; empty where they are the same.
std::function<std::uint32_t(std::uint32_t)> translation(const oci::Fields& request, const char* name) {
    struct Range {
        std::uint32_t inside, outside, count;
    };
    constexpr std::uint32_t nobody = 65534;
    if (!request.has(name)) return {};
    std::vector<Range> ranges;
    const auto number = [](const oci::Fields& range, const char* member) {
        return static_cast<std::uint32_t>(range.number(member, std::numeric_limits<std::uint32_t>::max()).value_or(0));
    };
    for (const oci::Fields& range : request.objects(name))
        ranges.push_back({number(range, "inside"), number(range, "outside"), number(range, "count")});
    return [ranges](std::uint32_t id) {
        for (const Range& range : ranges)
            if (id >= range.outside && id - range.outside < range.count) return range.inside + (id - range.outside);
        return nobody;
    };
}

MadeLayer make_layer(storage::Store& store, UniqueFd tree, const oci::Fields& request) {
    storage::raise_descriptor_limit();
    storage::TreeTarOptions options;
    options.kind = request.flag("squash") ? storage::TreeKind::plain : storage::TreeKind::upper;
    options.mount_points = request.texts("mount_points").value_or(std::vector<std::string>{});
    options.uid = translation(request, "uids");
    options.gid = translation(request, "gids");
    storage::TreeTar tar(std::move(tree), std::move(options));
    return publish_made_layer(store, tar);
}

} // namespace

json commit(storage::Store& store, const std::string& text, UniqueFd tree, Report&) {
    const json document = oci::parse_json_text(text, "the request", oci::JsonKeys::distinct, {request_limit, 64});
    const oci::Fields request(document, "the request");
    const bool docker = request.flag("docker"), squash = request.flag("squash");
    std::vector<std::string> diff_ids = request.texts("diff_ids").value_or(std::vector<std::string>{});
    const storage::Lease lease = store.lease_layers(diff_ids);
    const oci::Manifest base = oci::parse_manifest(request.required_text("manifest"));
    if (base.layers.size() != diff_ids.size()) throw Error("the image's manifest does not fit the container's layers");

    const MadeLayer layer = make_layer(store, std::move(tree), request);
    std::vector<oci::Descriptor> layers;
    json config = document.at("config");
    if (squash) {
        diff_ids.clear();
        config["history"] = json::array({config["history"].back()});
    } else {
        for (const oci::Descriptor& below : base.layers) layers.push_back({layer_type(below, docker), below.digest, below.size, {}});
    }
    diff_ids.push_back(layer.diff_id);
    layers.push_back({std::string(docker ? docker_layer : oci::media_type::oci_layer), digest_of(layer.diff_id), layer.size, {}});
    config["rootfs"] = {{"type", "layers"}, {"diff_ids", diff_ids}};

    const auto type = docker ? oci::media_type::docker_manifest : oci::media_type::oci_manifest;
    const auto config_type = docker ? oci::media_type::docker_config : oci::media_type::oci_config;
    const oci::Manifest manifest{std::string(type), {std::string(config_type), digest_of(layer.diff_id), 0, {}}, std::move(layers)};
    return add_made_image(store, config, manifest, layer, request.text("name"));
}

} // namespace lib::worker
