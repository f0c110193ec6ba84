// See lib/push.h.
#include "lib/push.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/manifest.h"
#include "base/oci/reference.h"
#include "base/replacement.h"
#include "base/sys.h"
#include "lib/events.h"
#include "lib/image_place.h"
#include "lib/image_worker.h"
#include "lib/pull.h"
#include "lib/resolve_image.h"
#include "storage/layer_blobs.h"

#include <algorithm>
#include <filesystem>

namespace lib {
namespace {

using nlohmann::json;

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).string(); }

/// The image as the worker wants it, known by `names` at its destination.
json image_document(const storage::Image& image, const std::vector<std::string>& names) {
    const bool pulled = std::ranges::any_of(image.repo_digests, [&](const std::string& digest) { return digest.ends_with("@" + image.manifest_digest); });
    return {{"manifest", image.manifest_json}, {"config", image.config_json}, {"diff_ids", image.diff_ids}, {"names", names}, {"pulled", pulled}};
}

json request_document(json images, json destination, const PackingOptions& packing) {
    json request{{"images", std::move(images)}, {"destination", std::move(destination)}, {"access", json::object()}};
    add_packing(request, packing);
    return request;
}

constexpr std::size_t most_origins = 4;

/// Where the layers are packed as the manifest says, other than at the destination.
json find_origins(const Engine& engine, const storage::Image& image, const RegistryAccess& access) {
    json origins = json::object();
    const storage::Store store(engine.paths);
    const oci::Manifest manifest = oci::parse_manifest(image.manifest_json);
    for (std::size_t i = 0; i < image.diff_ids.size() && i < manifest.layers.size(); ++i)
        for (const storage::LayerBlob& blob : storage::load_layer_blobs(store, image.diff_ids[i])) {
            if (blob.digest != manifest.layers[i].digest.str()) continue;
            for (const std::string& place : blob.places)
                if (origins.size() < most_origins && !origins.contains(place)) origins[place] = access.target(oci::parse_reference(place));
        }
    return origins;
}

json run_push(Engine& engine, const json& request, const Callbacks& callbacks, const OpenExtra& open_extra) {
    const json result = run_image_worker(engine, {"push"}, request_file(request).get(), {callbacks.notice, callbacks.pull_progress, callbacks.warning}, open_extra);
    return oci::Fields(result, "the image worker's result").objects("images").front().raw();
}

json push_to_files(Engine& engine, const ImagePlace& place, const storage::Image& image, const PushRequest& push, const Callbacks& callbacks) {
    PackingOptions packing = fitting_packing(place, push.packing);
    std::vector<std::string> names;
    const bool qualified = place.transport == "docker-archive";
    if (!place.name.empty()) names.push_back(qualified ? oci::parse_reference(place.name).str() : place.name);
    for (const std::string& tag : push.additional_tags) names.push_back(oci::parse_reference(tag).str());
    if (place.transport == "dir" && packing.fallback.empty()) packing.fallback = "none";
    const json request = request_document(json::array({image_document(image, names)}), {{"transport", place.transport}, {"path", place.path}}, packing);
    if (!place.is_archive()) return run_push(engine, request, callbacks, {});
    files::Replacement file(place.path, 0666);
    json result = run_push(engine, request, callbacks, [&] { return sys::dup(file.fd()); });
    file.commit();
    return result;
}

oci::Reference push_target(const PushRequest& request, const FoundLocalImage& found) {
    std::string typed = request.destination;
    if (!typed.empty()) typed = without_transport(typed, "push");
    if (typed.empty()) typed = found.by_name;
    if (typed.empty() && found.image.names.size() == 1) typed = found.image.names.front();
    if (typed.empty()) throw Error("image ", oci::printable(request.image), " has no name of its own: say where to push it to");
    oci::Reference target = oci::parse_reference(typed);
    if (target.digest) throw Error("a digest cannot be pushed to: leave it out of ", oci::printable(typed));
    if (target.registry == "localhost")
        throw Error(target.str(), " is a local name: say where to push it to, as in ctl push ", target.repository, " registry.example/",
                    target.repository);
    return target;
}

} // namespace

PackingOptions fitting_packing(const ImagePlace& place, PackingOptions packing) {
    if (place.transport == "docker-archive") {
        if (!packing.compression.empty() && packing.compression != "none") throw Error("docker-archive: holds plain layers, they cannot be compressed");
        if (packing.format == "oci") throw Error("docker-archive: has room for Docker's format only");
        return {"v2s2", "none", "none", {}, packing.preserve};
    }
    if (place.transport != "oci" && place.transport != "oci-archive") return packing;
    if (packing.format == "v2s2") throw Error(place.transport, ": has room for OCI's format only, other programs refuse Docker's there");
    packing.format = "oci";
    return packing;
}

PushResult push_image(Engine& engine, const PushRequest& request, const Callbacks& callbacks) {
    const FoundLocalImage found = get_local_image(engine, request.image);
    PushResult result;
    try {
        json answer;
        std::optional<PushSigner> signer;
        if (const auto place = find_file_place(request.destination)) {
            result.destination = request.destination;
            if (!request.signing.key.empty()) throw Error("--sign-by: only images in registries can be signed");
            answer = push_to_files(engine, *place, found.image, request, callbacks);
        } else {
            const oci::Reference target = push_target(request, found);
            result.destination = target.str();
            if (!request.signing.key.empty()) signer.emplace(request.signing, target);
            const RegistryAccess access(engine, request.registry, callbacks.notice);
            json document = request_document(json::array({image_document(found.image, {})}),
                                             {{"transport", "docker"}, {"endpoint", access.target(target)}, {"tag", target.tag}}, request.packing);
            document["access"] = access.access();
            document["origins"] = find_origins(engine, found.image, access);
            answer = run_push(engine, document, callbacks, {});
        }
        const oci::Fields fields(answer, "the image worker's result");
        result.digest = fields.digest("digest").str();
        result.changed = fields.flag("changed");
        if (signer) signer->sign(result.digest);
    } catch (Error& e) {
        e.add_context(cat("push ", oci::printable(request.image), result.destination.empty() ? "" : " to " + result.destination));
        throw;
    }
    record_image_event(engine.paths, "push", storage::digest_hex(found.image.id), result.destination);
    return result;
}

PushedManifest push_by_digest(Engine& engine, const storage::Image& image, const oci::Reference& target, const RegistryAccess& access,
                              const PackingOptions& packing, const Callbacks& callbacks) {
    json document = request_document(json::array({image_document(image, {})}),
                                     {{"transport", "docker"}, {"endpoint", access.target(target)}, {"tag", ""}}, packing);
    document["access"] = access.access();
    return parse_pushed(run_push(engine, document, callbacks, {}));
}

PushedManifest parse_pushed(const json& answer) {
    const oci::Fields fields(answer, "the image worker's result");
    return {fields.digest("digest").str(), fields.number("size").value_or(0), fields.text("media_type"),
            fields.texts("packings").value_or(std::vector<std::string>{})};
}

void add_packing(json& request, const PackingOptions& packing) {
    request["format"] = packing.format;
    request["packing"] = packing.compression;
    request["default_packing"] = packing.fallback;
    request["preserve"] = packing.preserve;
    if (packing.level) request["level"] = *packing.level;
}

void save_images(Engine& engine, const SaveRequest& request, const Callbacks& callbacks) {
    json images = json::array();
    std::vector<std::string> ids;
    for (const std::string& typed : request.images) {
        const FoundLocalImage found = get_local_image(engine, typed);
        std::vector<std::string> names;
        if (!found.by_name.empty()) names.push_back(found.by_name);
        for (const std::string& name : request.names) names.push_back(oci::parse_local_reference(name).str());
        images.push_back(image_document(found.image, names));
        ids.push_back(storage::digest_hex(found.image.id));
    }
    json destination{{"path", request.path.empty() ? "" : absolute(request.path)}};
    PackingOptions packing = request.packing;
    switch (request.format) {
    case SaveFormat::docker_archive:
        destination["transport"] = "docker-archive";
        packing = {"v2s2", "none", "none", {}, false};
        break;
    case SaveFormat::oci_archive:
        destination["transport"] = "oci-archive";
        packing.format = "oci";
        break;
    case SaveFormat::oci_dir:
        destination["transport"] = "oci";
        packing.format = "oci";
        break;
    case SaveFormat::docker_dir:
        destination["transport"] = "dir";
        packing.format = "v2s2";
        break;
    }
    try {
        OpenExtra open_extra;
        if (request.fd >= 0) open_extra = [&] { return sys::dup(request.fd); };
        (void)run_push(engine, request_document(std::move(images), std::move(destination), packing), callbacks, open_extra);
    } catch (Error& e) {
        e.add_context("save");
        throw;
    }
    for (std::size_t i = 0; i < ids.size(); ++i) record_image_event(engine.paths, "save", ids[i], request.images[i]);
}

} // namespace lib
