// See lib/worker/packing.h.
#include "lib/worker/packing.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "storage/digest.h"

namespace lib::worker {

using oci::LayerCompression;
using storage::Packing;

namespace {

std::optional<Packing> parse_packing(const std::string& text) {
    for (const Packing packing : {Packing::none, Packing::gzip, Packing::zstd})
        if (text == to_text(packing)) return packing;
    return std::nullopt;
}

} // namespace

Packing packing_of(const oci::Descriptor& layer) {
    switch (oci::layer_compression(layer)) {
    case LayerCompression::none: return Packing::none;
    case LayerCompression::gzip: return Packing::gzip;
    case LayerCompression::zstd: return Packing::zstd;
    }
    return Packing::none;
}

const char* to_text(Packing packing) {
    switch (packing) {
    case Packing::none: return "none";
    case Packing::gzip: return "gzip";
    case Packing::zstd: return "zstd";
    }
    return "";
}

std::set<std::string> packings_of(const std::vector<oci::Descriptor>& layers) {
    std::set<std::string> packings;
    for (const oci::Descriptor& layer : layers) packings.insert(to_text(packing_of(layer)));
    return packings;
}

std::string layer_type(Packing packing, bool docker) {
    std::string type = docker ? "application/vnd.docker.image.rootfs.diff.tar" : std::string(oci::media_type::oci_layer);
    if (packing != Packing::none) type += cat(docker ? '.' : '+', to_text(packing));
    return type;
}

bool Wishes::is_docker(const oci::Manifest& manifest) const {
    if (!format.empty()) return format == "v2s2";
    return manifest.media_type == oci::media_type::docker_manifest && packing != Packing::zstd;
}

Packing Wishes::packing_for(Packing before, Packing plain) const {
    Packing wanted = packing.value_or(before == Packing::none ? plain : before);
    if (format == "v2s2" && wanted == Packing::zstd) {
        if (packing) throw Error("Docker's format has no zstd: use --format oci");
        wanted = Packing::gzip;
    }
    storage::check_level(wanted, level);
    return wanted;
}

bool Wishes::keeps(Packing before, Packing wanted) const { return wanted == before && (wanted == Packing::none || !packing || !level); }

Wishes parse_wishes(const nlohmann::json& request) {
    const oci::Fields fields(request, "the request");
    Wishes wishes{fields.text("format"), parse_packing(fields.text("packing")), std::nullopt, parse_packing(fields.text("default_packing")),
                  fields.flag("preserve")};
    if (const auto level = fields.number("level", 100)) wishes.level = static_cast<int>(*level);
    return wishes;
}

FinishedImage finish_image(const OriginalImage& image, const Wishes& wishes, std::vector<oci::Descriptor> layers) {
    const bool docker = wishes.is_docker(image.manifest);
    bool same = !wishes.changes_format(image.manifest);
    std::vector<oci::Digest> digests;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        same = same && layers[i].digest == image.manifest.layers[i].digest;
        digests.push_back(layers[i].digest);
    }
    FinishedImage finished{{image.manifest_json, image.manifest.media_type, oci::Digest::parse(storage::sha256_digest(image.manifest_json)), image.names},
                           image.config_json, image.manifest.config.digest, std::move(digests)};
    if (same) return finished;
    if (wishes.preserve)
        throw Error("the digest ", finished.manifest.digest.str(), " cannot be kept, since the layers or the manifest's format would be others");
    oci::Manifest manifest = image.manifest;
    manifest.media_type = docker ? oci::media_type::docker_manifest : oci::media_type::oci_manifest;
    manifest.config.media_type = docker ? oci::media_type::docker_config : oci::media_type::oci_config;
    if (docker) manifest.annotations.clear(); // Docker's format has none
    manifest.layers = std::move(layers);
    finished.manifest.json = oci::to_json(manifest);
    finished.manifest.media_type = manifest.media_type;
    finished.manifest.digest = oci::Digest::parse(storage::sha256_digest(finished.manifest.json));
    return finished;
}

} // namespace lib::worker
