// See lib/copy_image.h.
#include "lib/copy_image.h"

#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "base/replacement.h"
#include "base/sys.h"
#include "lib/image_place.h"
#include "lib/image_worker.h"
#include "lib/images.h"
#include "lib/load.h"
#include "lib/pull.h"
#include "lib/resolve_image.h"
#include "lib/source_request.h"

namespace lib {
namespace {

using nlohmann::json;

const char* to_text(IndexCopy images) {
    switch (images) {
    case IndexCopy::one: return "one";
    case IndexCopy::all: return "all";
    case IndexCopy::index: return "index";
    }
    return "";
}

/// One copy between two places of which neither is our store.
class WorkerCopy {
public:
    WorkerCopy(Engine& engine, const ImageCopyRequest& request, const Callbacks& callbacks, const ImagePlace& source, const ImagePlace& destination)
        : engine_(engine), request_(request), callbacks_(callbacks), source_(source), destination_(destination) {}

    ImageCopyResult run() {
        TrustPolicy::load(request_.source_registry.signature_policy).check(origin_of(source_));
        json document{{"source", source_request(engine_, source_, request_.source_registry, callbacks_.notice)}, {"destination", json{{"transport", destination_.transport}, {"path", destination_.path}}},
                      {"platform", request_.platform}, {"images", to_text(request_.images)}, {"names", names()}};
        add_packing(document, fitting_packing(destination_, request_.packing));
        if (destination_.transport == "docker") {
            const oci::Reference target = oci::parse_reference(destination_.name);
            if (target.digest) document["expected"] = target.digest->str();
            const RegistryAccess access(engine_, request_.destination_registry, callbacks_.notice);
            document["destination"]["endpoint"] = access.target(target);
            document["destination"]["tag"] = target.digest ? "" : target.tag;
            document["access"] = access.access();
        }
        if (!destination_.is_archive()) return send(document, {});
        files::Replacement file(destination_.path, 0666);
        const ImageCopyResult result = send(document, [&] { return sys::dup(file.fd()); });
        file.commit();
        return result;
    }

private:
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        const bool qualified = destination_.transport == "docker-archive";
        if (!destination_.name.empty() && destination_.transport != "docker")
            names.push_back(qualified ? oci::parse_reference(destination_.name).str() : destination_.name);
        for (const std::string& tag : request_.additional_tags) names.push_back(oci::parse_reference(tag).str());
        return names;
    }

    ImageCopyResult send(const json& document, const OpenExtra& open_destination) {
        const SourceArchive archive(source_);
        // What needs the network at one end only has it in a process of its own.
        const char* word = source_.transport == "docker" && destination_.transport != "docker" ? "copy-fetched-image" : "copy-image";
        const json result = run_image_worker(engine_, {word}, request_file(document).get(), {callbacks_.notice, callbacks_.pull_progress, callbacks_.warning},
                                             open_destination, -1, archive.opener());
        const oci::Fields fields(result, "the image worker's result");
        return {fields.digest("digest").str(), fields.flag("changed")};
    }

    Engine& engine_;
    const ImageCopyRequest& request_;
    const Callbacks& callbacks_;
    const ImagePlace& source_;
    const ImagePlace& destination_;
};

void refuse_for_the_store(const ImageCopyRequest& request) {
    const PackingOptions& packing = request.packing;
    if (!packing.format.empty() || !packing.compression.empty() || !packing.fallback.empty() || packing.level)
        throw Error("the store keeps layers unpacked and manifests as they came: a format or a compression cannot be asked for there");
    if (request.images != IndexCopy::one) throw Error("the store has images of one platform: copy them one by one, and see ctl manifest create for lists");
}

/// The name that the image is to have in the store.
std::string store_name(const ImagePlace& place) {
    const oci::Reference reference = oci::parse_local_reference(place.name);
    if (reference.digest) throw Error("invalid image name \"", oci::printable(place.name), "\": a new name cannot have a digest");
    return reference.str();
}

ImageCopyResult copy_to_store(Engine& engine, const ImageCopyRequest& request, const Callbacks& callbacks, const ImagePlace& source,
                              const std::string& name) {
    refuse_for_the_store(request);
    if (source.is_store()) {
        tag_image(engine, source.name, name);
    } else if (source.transport == "docker") {
        const std::string qualified = oci::parse_reference(source.name).str();
        const PullResult pulled = pull_image(engine, {qualified, request.platform, request.source_registry, std::vector{name}}, callbacks);
        return {pulled.manifest_digest, false};
    } else {
        load_images(engine, {source.path, request.source_registry.signature_policy, LoadChoice{source.transport, source.name, std::vector{name}, request.platform}}, callbacks);
    }
    return {get_local_image(engine, name).image.manifest_digest, false};
}

ImageCopyResult copy_from_store(Engine& engine, const ImageCopyRequest& request, const Callbacks& callbacks, const ImagePlace& source) {
    if (request.images != IndexCopy::one) throw Error("the store has images of one platform: ctl manifest push --all sends a list");
    const std::string config = get_local_image(engine, source.name).image.config_json;
    if (!request.platform.empty() && oci::platform_match(oci::parse_platform(request.platform), oci::parse_image_config(config).platform) == 0)
        throw Error("image ", oci::printable(source.name), " is not for ", request.platform);
    const PushResult pushed = push_image(engine, {source.name, request.destination, request.packing, request.destination_registry, request.additional_tags}, callbacks);
    return {pushed.digest, pushed.changed};
}

} // namespace

ImageCopyResult copy_image(Engine& engine, const ImageCopyRequest& request, const Callbacks& callbacks) {
    const ImagePlace source = parse_image_place(request.source), destination = parse_image_place(request.destination);
    if (!request.additional_tags.empty() && destination.transport != "docker-archive") throw Error("additional tags are for docker-archive: alone");
    if (destination.is_store()) return copy_to_store(engine, request, callbacks, source, store_name(destination));
    if (source.is_store()) return copy_from_store(engine, request, callbacks, source);
    try {
        return WorkerCopy(engine, request, callbacks, source, destination).run();
    } catch (Error& e) {
        e.add_context(cat("copy ", oci::printable(source.text), " to ", oci::printable(destination.text)));
        throw;
    }
}

} // namespace lib
