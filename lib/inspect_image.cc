// inspect: an image as a document with Podman's field names.
#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/manifest.h"
#include "lib/containers.h"
#include "lib/resolve_image.h"
#include "storage/store.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace lib {
namespace {

using nlohmann::json;

json as_keys(const std::vector<std::string>& names) {
    json object = json::object();
    for (const std::string& name : names) object[name] = json::object();
    return object;
}

/// As Podman, what the image does not say is left out.
json config_document(const oci::ImageConfig& config) {
    json document{{"User", config.user},
                  {"Env", config.env},
                  {"Entrypoint", config.entrypoint.value_or(std::vector<std::string>{})},
                  {"Cmd", config.cmd.value_or(std::vector<std::string>{})},
                  {"WorkingDir", config.working_dir},
                  {"Labels", config.labels},
                  {"StopSignal", config.stop_signal},
                  {"ExposedPorts", as_keys(config.exposed_ports)},
                  {"Volumes", as_keys(config.volumes)}};
    if (!config.healthcheck.empty()) document["Healthcheck"] = json::parse(config.healthcheck);
    return document;
}

json history_document(const oci::ImageConfig& config) {
    json list = json::array();
    for (const oci::History& step : config.history) {
        json entry{{"created", step.created}, {"created_by", step.created_by}};
        if (!step.comment.empty()) entry["comment"] = step.comment;
        if (step.empty_layer) entry["empty_layer"] = true;
        list.push_back(std::move(entry));
    }
    return list;
}

/// "host/path@sha256:…": those it was pulled by, and each of its names with the digest of the manifest that is here.
std::set<std::string> repo_digests(const storage::Image& image) {
    std::set<std::string> digests(image.repo_digests.begin(), image.repo_digests.end());
    for (const std::string& name : image.names) digests.insert(cat(name.substr(0, name.rfind(':')), "@", image.manifest_digest));
    return digests;
}

} // namespace

json inspect_image(const Engine& engine, const std::string& name_or_id) {
    const storage::Image image = get_local_image(engine, name_or_id).image;
    const oci::ImageConfig config = oci::parse_image_config(image.config_json);
    const oci::Manifest manifest = oci::parse_manifest(image.manifest_json);
    std::string lower;
    for (auto layer = image.diff_ids.rbegin(); layer != image.diff_ids.rend(); ++layer)
        lower += cat(lower.empty() ? "" : ":", engine.paths.image_root(), "/layers/", storage::digest_hex(*layer), "/fs");
    return {{"Id", storage::digest_hex(image.id)},
            {"Digest", image.manifest_digest},
            {"RepoTags", image.names},
            {"RepoDigests", repo_digests(image)},
            {"Parent", ""},
            {"Comment", config.history.empty() ? "" : config.history.back().comment},
            {"Created", config.created},
            {"Config", config_document(config)},
            {"Version", ""},
            {"Author", config.author},
            {"Architecture", config.platform.architecture},
            {"Os", config.platform.os},
            {"Size", image.size},
            {"VirtualSize", image.size},
            {"GraphDriver", {{"Name", "overlay"}, {"Data", {{"LowerDir", lower}}}}},
            {"RootFS", {{"Type", "layers"}, {"Layers", image.diff_ids}}},
            {"Labels", config.labels},
            {"Annotations", manifest.annotations},
            {"ManifestType", manifest.media_type},
            {"User", config.user},
            {"History", history_document(config)},
            {"NamesHistory", image.history}};
}

} // namespace lib
