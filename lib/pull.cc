// pull, see lib/pull.h.
#include "lib/pull.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/events.h"
#include "lib/image_place.h"
#include "lib/image_worker.h"
#include "lib/load.h"
#include "lib/resolve_image.h"
#include "lib/tags.h"
#include "lib/trust_policy.h"

namespace lib {
namespace {

using nlohmann::json;

PullResult pull_one(Engine& engine, const RegistryAccess& access, const TrustPolicy& policy, const oci::Reference& reference,
                    const PullRequest& request, const Callbacks& callbacks) {
    if (reference.registry == "localhost")
        throw Error("pull ", reference.str(), ": localhost/ is for local images, and this one is not there; a registry on this machine is "
                    "named with its port, as in localhost:5000/x");
    try {
        policy.check(registry_origin(reference));
        json document{{"name", reference.str()}, {"platform", request.platform}, {"sources", access.sources(reference)}, {"access", access.access()}};
        if (request.names) document["names"] = *request.names;
        const json result = run_image_worker(engine, {"pull"}, request_file(document).get(), {callbacks.notice, callbacks.pull_progress, callbacks.warning});
        const oci::Fields fields(result, "the image worker's result");
        const PullResult pulled{fields.digest("image").hex(), fields.text("name"), fields.digest("manifest").str()};
        record_image_event(engine.paths, "pull", pulled.image_id, reference.str());
        return pulled;
    } catch (Error& e) {
        e.add_context("pull " + reference.str());
        throw;
    }
}

/// By the name it is asked for by, or the one it has there; a bare one goes to localhost/, as with load.
PullResult load_place(Engine& engine, const ImagePlace& place, const PullRequest& request, const Callbacks& callbacks) {
    LoadChoice choice{place.transport, place.name, request.names, request.platform};
    if (!place.name.empty() && !choice.names) choice.names = {oci::parse_local_reference(place.name).str()};
    try {
        const LoadResult loaded = load_images(engine, {place.path, request.registry.signature_policy, choice}, callbacks);
        const LoadResult::Loaded& image = loaded.images.at(0);
        return {image.image_id, image.names.empty() ? "" : image.names.front(), get_local_image(engine, image.image_id).image.manifest_digest};
    } catch (Error& e) {
        e.add_context("pull " + oci::printable(place.text));
        throw;
    }
}

} // namespace

std::vector<oci::Reference> pulled_names(const RegistryAccess& access, const std::string& typed, const Callbacks& callbacks) {
    std::vector<oci::Reference> candidates = access.conf().candidates(typed);
    if (candidates.size() == 1 || access.conf().short_name_mode() != config::ShortNameMode::enforcing) return candidates;
    std::vector<std::string> names;
    for (const oci::Reference& candidate : candidates) names.push_back(candidate.str());
    if (!callbacks.choose)
        throw Error("\"", oci::printable(typed), "\" can mean ", names.size(), " images (", names.front(),
                    ", …), and without a terminal nobody can be asked: name the registry, or set short-name-mode in registries.conf");
    return {candidates.at(callbacks.choose(cat("Which image is meant by ", typed, "?"), names))};
}

std::string without_transport(const std::string& name, std::string_view command) {
    if (name.starts_with("docker://")) return name.substr(9);
    for (const std::string_view transport : {"docker-archive:", "oci-archive:", "oci:", "dir:", "docker-daemon:", "containers-storage:"})
        if (name.starts_with(transport))
            throw Error(command, " ", oci::printable(name), ": ", transport, " is no registry: `ctl pull` and `ctl load` read archives and directories, `ctl image copy` moves images between all places");
    return name;
}

PullResult pull_image(Engine& engine, const PullRequest& request, const Callbacks& callbacks) {
    if (const auto place = find_file_place(request.name)) return load_place(engine, *place, request, callbacks);
    const std::string typed = without_transport(request.name, "pull");
    const RegistryAccess access(engine, request.registry, callbacks.notice);
    const TrustPolicy policy = TrustPolicy::load(request.registry.signature_policy);
    const std::vector<oci::Reference> candidates = pulled_names(access, typed, callbacks);
    const bool asked = access.conf().candidates(typed).size() > candidates.size();
    return first_pulled(candidates, typed, [&](const oci::Reference& reference) {
        if (!oci::is_qualified(typed) && callbacks.notice) callbacks.notice(cat("resolved ", typed, " to ", reference.str()));
        PullResult pulled = pull_one(engine, access, policy, reference, request, callbacks);
        if (candidates.size() == 1 && asked) config::RegistriesConf::remember_alias(typed, reference);
        return pulled;
    });
}

std::vector<PullResult> pull_all_tags(Engine& engine, const PullRequest& request, const Callbacks& callbacks) {
    const std::string typed = without_transport(request.name, "pull");
    const RegistryAccess access(engine, request.registry, callbacks.notice);
    const TrustPolicy policy = TrustPolicy::load(request.registry.signature_policy);
    const oci::Reference reference = pulled_names(access, typed, callbacks).front();
    if (reference.digest || reference.tag != "latest" || typed.ends_with(":latest"))
        throw Error("pull --all-tags: ", oci::printable(typed), " has a tag or a digest: name the repository alone");
    std::vector<PullResult> results;
    for (const std::string& tag : list_tags(engine, access, reference, callbacks.notice)) {
        oci::Reference one = reference;
        one.tag = tag;
        results.push_back(pull_one(engine, access, policy, one, request, callbacks));
    }
    return results;
}

} // namespace lib
