// See lib/list_push.h.
#include "lib/list_push.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/manifest.h"
#include "base/oci/reference.h"
#include "lib/artifacts.h"
#include "lib/image_worker.h"
#include "lib/pull.h"
#include "lib/source_request.h"
#include "lib/trust_policy.h"
#include "storage/store.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

namespace lib {
namespace {

using nlohmann::json;

/// One list on its way to one repository.
class ListPush {
public:
    ListPush(Engine& engine, const ListPushRequest& request, const Callbacks& callbacks, oci::Reference target)
        : engine_(engine), request_(request), callbacks_(callbacks), target_(std::move(target)),
          access_(engine, request.registry, callbacks.notice), policy_(TrustPolicy::load(request.registry.signature_policy)) {}

    /// Sends what the entry stands for, packed so, and makes it say what is there then. The packings of its layers; none: it is no image.
    std::vector<std::string> send_entry(json& entry, const PackingOptions& packing) {
        const oci::Fields fields(entry, "the manifest list");
        const auto from = fields.object("from");
        if (from && from->has("artifact")) {
            send_artifact(from->text("artifact"));
            return {};
        }
        const PushedManifest pushed = from && from->has("image") ? send_local(from->text("image"), packing)
                                                                : send_remote(cat(from ? from->text("repository") : "", "@", fields.digest("digest").str()), packing);
        entry["digest"] = pushed.digest;
        entry["size"] = pushed.size;
        entry["mediaType"] = pushed.media_type;
        if (pushed.media_type == oci::media_type::oci_index || pushed.media_type == oci::media_type::docker_list) return {};
        return pushed.packings;
    }

    std::string send_index(const json& index) {
        return run("put-manifest", {{"endpoint", access_.target(target_)}, {"tag", target_.tag}, {"body", index.dump()}, {"media_type", index.at("mediaType")}})
            .at("digest");
    }

private:
    json run(const char* what, json request) {
        request["access"] = access_.access();
        return run_image_worker(engine_, {what}, request_file(request).get(), {callbacks_.notice, callbacks_.pull_progress, callbacks_.warning});
    }

    void send_artifact(const std::string& name) {
        const auto artifact = find_artifact(engine_, name);
        if (!artifact) throw Error("artifact ", oci::printable(name), " of the list is gone: ctl manifest remove takes it out of the list");
        (void)lib::send_artifact(engine_, *artifact, target_, {}, access_, callbacks_);
    }

    PushedManifest send_local(const std::string& id, const PackingOptions& packing) {
        const auto image = storage::Store(engine_.paths).find_by_id(id);
        if (!image) throw Error("image ", id.substr(0, 12), " of the list is gone: ctl manifest remove takes it out of the list");
        return push_by_digest(engine_, *image, target_, access_, packing, callbacks_);
    }

    PushedManifest send_remote(const std::string& name, const PackingOptions& packing) {
        const oci::Reference source = oci::parse_reference(name);
        policy_.check(registry_origin(source));
        json request{{"source", source_request(engine_, {"docker", {}, source.str(), {}}, access_.options(), {})},
                     {"destination", {{"transport", "docker"}, {"endpoint", access_.target(target_)}, {"tag", ""}}},
                     {"images", "all"}};
        add_packing(request, packing);
        return parse_pushed(run("copy-image", std::move(request)));
    }

    Engine& engine_;
    const ListPushRequest& request_;
    const Callbacks& callbacks_;
    const oci::Reference target_;
    const RegistryAccess access_;
    const TrustPolicy policy_; ///< what comes from another registry comes in, if only to go out again
};

/// What a list has been pushed as.
struct Sent {
    json entry;
    std::vector<std::string> packings; ///< of its layers
};

bool is_there(const std::vector<Sent>& sent, const json& platform, const std::string& packing) {
    return std::ranges::any_of(sent, [&](const Sent& other) {
        return other.entry.value("platform", json()) == platform && other.packings == std::vector{packing};
    });
}

/// Sends the entries of a list, and after them each image in those of the wanted compressions that its platform is not there in yet.
json send_entries(ListPush& push, const json& entries, const ListPushRequest& request) {
    std::vector<Sent> sent;
    for (json entry : entries) {
        auto packings = push.send_entry(entry, request.packing);
        sent.push_back({std::move(entry), std::move(packings)});
    }
    // gzip before zstd: who does not know the annotation takes the first of a platform.
    for (const std::string& variant : std::set(request.variants.begin(), request.variants.end()))
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (sent[i].packings.empty() || is_there(sent, entries[i].value("platform", json()), variant)) continue;
            PackingOptions packing = request.packing;
            packing.compression = variant;
            packing.level = {}; // it is that of --compression-format
            json entry = entries[i];
            auto packings = push.send_entry(entry, packing);
            if (variant == "zstd") entry["annotations"]["io.github.containers.compression.zstd"] = "true";
            sent.push_back({std::move(entry), std::move(packings)});
        }
    json all = json::array();
    for (Sent& each : sent) all.push_back(std::move(each.entry));
    return all;
}

void check_variants(const ListPushRequest& request) {
    if (request.variants.empty()) return;
    if (!request.all) throw Error("manifest push: --add-compression needs the images: leave --all=false out");
    if (request.packing.format == "v2s2" && std::ranges::find(request.variants, "zstd") != request.variants.end())
        throw Error("manifest push: Docker's format has no zstd: leave --format v2s2 out");
}

} // namespace

json index_document(const json& list, const std::string& format) {
    json manifests = json::array();
    bool docker = !list.at("entries").empty();
    for (json entry : list.at("entries")) {
        docker = docker && entry["mediaType"] == oci::media_type::docker_manifest;
        entry.erase("from");
        manifests.push_back(std::move(entry));
    }
    docker = format.empty() ? docker && !list.contains("subject") : format == "v2s2";
    if (docker && list.contains("subject")) throw Error("Docker's format of lists has no subject: leave --format v2s2 out");
    json index{{"schemaVersion", 2}, {"mediaType", docker ? oci::media_type::docker_list : oci::media_type::oci_index}, {"manifests", std::move(manifests)}};
    for (const char* key : {"annotations", "subject"})
        if (list.contains(key)) index[key] = list[key];
    return index;
}

std::string push_list(Engine& engine, json list, const ListPushRequest& request, const Callbacks& callbacks) {
    const std::string typed = request.destination.empty() ? list["name"].get<std::string>() : without_transport(request.destination, "manifest push");
    const oci::Reference target = oci::parse_reference(typed);
    if (target.digest) throw Error("manifest push: a digest cannot be pushed to: leave it out of ", oci::printable(typed));
    if (target.registry == "localhost") throw Error("manifest push: ", target.str(), " is a local name: say where to push it to");
    check_variants(request);
    (void)index_document(list, request.packing.format); // what cannot be is said before anything is sent
    try {
        std::optional<PushSigner> signer;
        if (!request.signing.key.empty()) signer.emplace(request.signing, target);
        ListPush push(engine, request, callbacks, target);
        if (request.all) list["entries"] = send_entries(push, list["entries"], request);
        std::string digest = push.send_index(index_document(list, request.packing.format));
        if (!signer) return digest;
        if (request.all)
            for (const json& entry : list["entries"]) signer->sign(entry.at("digest"));
        signer->sign(digest);
        return digest;
    } catch (Error& e) {
        e.add_context(cat("manifest push to ", target.str()));
        throw;
    }
}

} // namespace lib
