// See lib/remote_image.h.
#include "lib/remote_image.h"

#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/manifest.h"
#include "lib/image_worker.h"
#include "lib/source_request.h"
#include "lib/tags.h"

#include <optional>

namespace lib {
namespace {

using nlohmann::json;

/// A plain name is one in a registry: without --remote it would be one of the store.
ImagePlace remote_place(const std::string& text) {
    ImagePlace place = parse_image_place(text);
    if (!place.is_store()) return place;
    if (text.starts_with("containers-storage:")) throw Error("image inspect --remote: ", oci::printable(text), " is here: leave --remote out");
    place.transport = "docker";
    return place;
}

/// {"body", "digest"} of what the name leads to; with "all": {"manifest", "media_type", "config"} too.
json look(Engine& engine, const ImagePlace& place, const RemoteImageRequest& request, bool all, const Notice& notice) {
    try {
        const json document{{"source", source_request(engine, place, request.registry, notice)}, {"platform", request.platform}, {"all", all}};
        const SourceArchive archive(place);
        const char* word = place.transport == "docker" ? "inspect-fetched-image" : "inspect-image";
        return run_image_worker(engine, {word}, request_file(document).get(), {notice, {}}, {}, -1, archive.opener());
    } catch (Error& e) {
        e.add_context("inspect " + oci::printable(place.text));
        throw;
    }
}

/// As skopeo shows lists that are empty or not there.
template <class List>
json or_null(const List& list) {
    return list.empty() ? json(nullptr) : json(list);
}

json layers_data(const oci::Manifest& manifest) {
    json list = json::array();
    for (const oci::Descriptor& layer : manifest.layers)
        list.push_back({{"MIMEType", layer.media_type}, {"Digest", layer.digest.str()}, {"Size", layer.size}, {"Annotations", or_null(layer.annotations)}});
    return list;
}

std::string docker_version(const std::string& config_json) {
    const json document = oci::parse_json_text(config_json, "image config");
    return oci::Fields(document, "image config").text("docker_version");
}

json tags_of(Engine& engine, const oci::Reference& reference, const RegistryOptions& options, const Notice& notice) {
    return list_tags(engine, RegistryAccess(engine, options, notice), reference, notice);
}

} // namespace

json inspect_remote_image(Engine& engine, const RemoteImageRequest& request, const Notice& notice) {
    const ImagePlace place = remote_place(request.place);
    const json result = look(engine, place, request, true, notice);
    const oci::Fields fields(result, "the image worker's result");
    const std::string config_json = fields.text("config");
    const oci::Manifest manifest = oci::parse_manifest(fields.text("manifest"), fields.text("media_type"));
    const oci::ImageConfig config = oci::parse_image_config(config_json);
    json document{{"Name", ""}, {"Digest", fields.digest("digest").str()}, {"RepoTags", json::array()}, {"Created", config.created},
                  {"DockerVersion", docker_version(config_json)}, {"Labels", or_null(config.labels)},
                  {"Architecture", config.platform.architecture}, {"Os", config.platform.os}, {"Layers", json::array()},
                  {"LayersData", layers_data(manifest)}, {"Env", or_null(config.env)}};
    if (!config.platform.variant.empty()) document["Variant"] = config.platform.variant;
    for (const oci::Descriptor& layer : manifest.layers) document["Layers"].push_back(layer.digest.str());
    if (place.transport != "docker") return document;
    const oci::Reference reference = oci::parse_reference(place.name);
    document["Name"] = reference.name();
    if (request.tags) document["RepoTags"] = tags_of(engine, reference, request.registry, notice);
    return document;
}

RemoteManifest remote_manifest(Engine& engine, const RemoteImageRequest& request, const Notice& notice) {
    const json result = look(engine, remote_place(request.place), request, false, notice);
    const oci::Fields fields(result, "the image worker's result");
    return {fields.text("body"), fields.digest("digest").str()};
}

std::string remote_config(Engine& engine, const RemoteImageRequest& request, const Notice& notice) {
    return look(engine, remote_place(request.place), request, true, notice).at("config");
}

} // namespace lib
