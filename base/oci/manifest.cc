// Image manifests and indexes, see base/oci/manifest.h.
#include "base/oci/manifest.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"

#include <array>
#include <limits>

namespace oci {
namespace {

using nlohmann::json;

constexpr std::size_t most_entries = 2000; ///< layers of a manifest or manifests of an index; the largest known have < 200

enum class Kind { manifest, index };

std::optional<Kind> kind_of(std::string_view type) {
    if (type == media_type::oci_manifest || type == media_type::docker_manifest) return Kind::manifest;
    if (type == media_type::oci_index || type == media_type::docker_list) return Kind::index;
    return std::nullopt;
}

std::string_view without_parameters(std::string_view content_type) {
    content_type = content_type.substr(0, content_type.find(';'));
    while (content_type.ends_with(' ')) content_type.remove_suffix(1);
    return content_type;
}

/// What a body is, agreed between the transport, its mediaType and its members.
struct Identity {
    Kind kind;
    std::string media_type;
};

Identity identify(const Fields& fields, std::string_view content_type) {
    const std::string own = fields.text("mediaType");
    if (fields.number("schemaVersion").value_or(2) == 1 || fields.has("fsLayers"))
        throw Error("manifest: Docker schema 1 is not supported; push the image again with a tool of 2017 or later");
    if (!own.empty() && !kind_of(own)) throw Error("manifest: not an image: media type ", printable(own));
    // Generic types (application/json, octet-stream, text/plain of a file server) say nothing about the kind.
    const std::string_view said = kind_of(content_type) ? content_type : std::string_view{};
    if (!own.empty() && !said.empty() && own != said)
        throw Error("manifest: sent as ", said, " but calls itself ", own);
    const bool manifest_like = fields.has("config") || fields.has("layers");
    const bool index_like = fields.has("manifests");
    if (manifest_like && index_like) throw Error("manifest: has the members of an image and of an index, which is ambiguous");
    if (!manifest_like && !index_like) throw Error("manifest: neither an image (config, layers) nor an index (manifests)");
    const Kind kind = index_like ? Kind::index : Kind::manifest;
    const std::string type = !own.empty() ? own : std::string(said);
    if (!type.empty() && kind_of(type) != kind) throw Error("manifest: its members contradict its media type ", type);
    if (!type.empty()) return {kind, type};
    return {kind, std::string(kind == Kind::index ? media_type::oci_index : media_type::oci_manifest)};
}

std::optional<Platform> platform_of(const Fields& descriptor) {
    const auto fields = descriptor.object("platform");
    if (!fields) return std::nullopt;
    return Platform{fields->text("os"), fields->text("architecture"), fields->text("variant")};
}

Descriptor descriptor_of(const Fields& fields) {
    const auto size = fields.number("size");
    if (!size) throw Error(fields.at("size"), ": missing");
    if (*size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        throw Error(fields.at("size"), ": out of range");
    return {fields.text("mediaType"), fields.digest("digest"), *size, platform_of(fields), fields.text_map("annotations")};
}

std::vector<Descriptor> descriptors_of(const Fields& fields, const char* name) {
    std::vector<Descriptor> list;
    const auto entries = fields.objects(name);
    if (entries.size() > most_entries) throw Error(fields.at(name), ": more than ", most_entries, " entries");
    for (const Fields& entry : entries) list.push_back(descriptor_of(entry));
    return list;
}

Manifest manifest_of(const Fields& fields, const std::string& type, Content content) {
    const auto config = fields.object("config");
    if (!config) throw Error(fields.at("config"), ": missing");
    Manifest manifest{type, descriptor_of(*config), descriptors_of(fields, "layers"), fields.text_map("annotations"), fields.text("artifactType")};
    if (content == Content::image && !is_image(manifest))
        throw Error("manifest: not a container image but an artifact: its config is ", printable(manifest.config.media_type));
    return manifest;
}

json descriptor_json(const Descriptor& descriptor) {
    json object{{"mediaType", descriptor.media_type}, {"digest", descriptor.digest.str()}, {"size", descriptor.size}};
    if (!descriptor.annotations.empty()) object["annotations"] = descriptor.annotations;
    return object;
}

} // namespace

bool is_image(const Manifest& manifest) {
    return manifest.config.media_type == media_type::oci_config || manifest.config.media_type == media_type::docker_config;
}

ManifestOrIndex parse_manifest_or_index(std::string_view text, std::string_view content_type, Content content) {
    const json document = parse_json_text(text, "manifest", JsonKeys::distinct_ignoring_case);
    const Fields fields(document, "manifest");
    const Identity identity = identify(fields, without_parameters(content_type));
    if (identity.kind == Kind::manifest) return manifest_of(fields, identity.media_type, content);
    return Index{identity.media_type, descriptors_of(fields, "manifests")};
}

Manifest parse_manifest(std::string_view text, std::string_view content_type, Content content) {
    auto document = parse_manifest_or_index(text, content_type, content);
    if (auto* manifest = std::get_if<Manifest>(&document)) return std::move(*manifest);
    throw Error("manifest: expected an image manifest, found an index");
}

Index parse_index(std::string_view text) {
    auto document = parse_manifest_or_index(text);
    if (auto* index = std::get_if<Index>(&document)) return std::move(*index);
    throw Error("manifest: expected an index, found an image manifest");
}

std::string to_json(const Manifest& manifest) {
    json layers = json::array();
    for (const Descriptor& layer : manifest.layers) layers.push_back(descriptor_json(layer));
    json document{{"schemaVersion", 2},
                  {"mediaType", manifest.media_type},
                  {"config", descriptor_json(manifest.config)},
                  {"layers", std::move(layers)}};
    if (!manifest.artifact_type.empty()) document["artifactType"] = manifest.artifact_type;
    if (!manifest.annotations.empty()) document["annotations"] = manifest.annotations;
    return document.dump();
}

namespace {

/// As containers/image marks the one of two images for a platform whose layers are smaller and quicker to unpack.
bool is_zstd(const Descriptor& entry) {
    const auto found = entry.annotations.find("io.github.containers.compression.zstd");
    return found != entry.annotations.end() && found->second == "true";
}

} // namespace

const Descriptor* find_platform(const Index& index, const Platform& wanted) {
    const Descriptor* best = nullptr;
    int best_match = 0;
    for (const Descriptor& entry : index.manifests) {
        const int match = entry.platform ? platform_match(wanted, *entry.platform) : 0;
        if (match == 0 || match < best_match) continue;
        if (match == best_match && (is_zstd(*best) || !is_zstd(entry))) continue;
        best = &entry;
        best_match = match;
    }
    if (best == nullptr && index.manifests.size() == 1 && !index.manifests[0].platform) best = &index.manifests[0];
    return best;
}

const Descriptor& choose_platform(const Index& index, const Platform& wanted) {
    if (const Descriptor* best = find_platform(index, wanted)) return *best;
    std::string offered;
    for (const Descriptor& entry : index.manifests) // "unknown/unknown" marks attestations that build tools add beside the images
        if (entry.platform && entry.platform->os != "unknown") offered += cat(offered.empty() ? "" : ", ", printable(entry.platform->str()));
    throw Error("no image for platform ", wanted.str(), "; there is: ", offered.empty() ? "none" : offered);
}

LayerCompression layer_compression(const Descriptor& layer) {
    struct Known {
        std::string_view type;
        LayerCompression compression;
    };
    static constexpr std::array<Known, 6> known{{
        {"application/vnd.oci.image.layer.v1.tar", LayerCompression::none},
        {"application/vnd.oci.image.layer.v1.tar+gzip", LayerCompression::gzip},
        {"application/vnd.oci.image.layer.v1.tar+zstd", LayerCompression::zstd},
        {"application/vnd.docker.image.rootfs.diff.tar", LayerCompression::none},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", LayerCompression::gzip},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", LayerCompression::zstd},
    }};
    for (const Known& entry : known)
        if (entry.type == layer.media_type) return entry.compression;
    if (layer.media_type.find("foreign") != std::string::npos || layer.media_type.find("nondistributable") != std::string::npos)
        throw Error("layer ", layer.digest.str(), " is not distributed by the registry (", printable(layer.media_type),
                    "): foreign layers are not supported");
    throw Error("layer ", layer.digest.str(), ": unknown media type \"", printable(layer.media_type), "\"");
}

} // namespace oci
