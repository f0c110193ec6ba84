// See lib/artifacts.h.
#include "lib/artifacts.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/image_place.h"
#include "lib/image_worker.h"
#include "lib/pull.h"
#include "lib/source_request.h"
#include "lib/trust_policy.h"

#include <algorithm>

namespace lib {
namespace {

using nlohmann::json;

/// The name an artifact is kept under: with a digest where one was asked for, which says exactly which.
std::string kept_name(oci::Reference reference) {
    if (reference.digest) reference.tag.clear();
    return reference.str();
}

std::optional<storage::Artifact> find_by_reference(const storage::Artifacts& artifacts, const oci::Reference& reference) {
    if (auto found = artifacts.find(kept_name(reference)); found || !reference.digest) return found;
    for (storage::Artifact& artifact : artifacts.list()) // under a tag
        if (artifact.manifest_digest == reference.digest->str() && artifact.name.starts_with(reference.name() + ":")) return std::move(artifact);
    return std::nullopt;
}

std::optional<storage::Artifact> find_by_digest(const storage::Artifacts& artifacts, std::string digits) {
    if (digits.starts_with(oci::Digest::prefix)) digits.erase(0, oci::Digest::prefix.size());
    if (!oci::is_lower_hex(digits)) return std::nullopt;
    std::vector<storage::Artifact> all = artifacts.list();
    std::erase_if(all, [&](const storage::Artifact& artifact) { return !storage::digest_hex(artifact.manifest_digest).starts_with(digits); });
    if (all.empty()) return std::nullopt;
    if (all.size() > 1) throw Error("artifact ", digits, " is ambiguous: ", all[0].name, ", ", all[1].name, all.size() > 2 ? ", …" : "");
    return std::move(all.front());
}

std::string copy(Engine& engine, const char* word, const json& request, const Callbacks& callbacks) {
    const json result = run_image_worker(engine, {word}, request_file(request).get(), {callbacks.notice, callbacks.pull_progress, callbacks.warning});
    return oci::Fields(result, "the image worker's result").digest("digest").str();
}

std::string pull_one(Engine& engine, const RegistryAccess& access, const oci::Reference& reference, const std::string& name, const Callbacks& callbacks) {
    if (reference.registry == "localhost")
        throw Error("artifact pull ", reference.str(), ": localhost/ is for artifacts made here; a registry on this machine is named with its port, as in localhost:5000/x");
    try {
        TrustPolicy::load(access.options().signature_policy).check(registry_origin(reference));
        json source = source_request(engine, {"docker", {}, reference.str(), {}}, access.options(), {});
        const json destination{{"transport", "artifact"}, {"name", name}, {"source", reference.name()}};
        return copy(engine, "copy-fetched-image", {{"source", std::move(source)}, {"destination", destination}, {"images", "one"}}, callbacks);
    } catch (Error& e) {
        e.add_context("artifact pull " + reference.str());
        throw;
    }
}

} // namespace

std::string pull_artifact(Engine& engine, const std::string& name, const RegistryOptions& registry, const Callbacks& callbacks) {
    const std::string typed = without_transport(name, "artifact pull");
    const RegistryAccess access(engine, registry, callbacks.notice);
    return first_pulled(pulled_names(access, typed, callbacks), typed, [&](const oci::Reference& reference) {
        return pull_one(engine, access, reference, kept_name(reference), callbacks);
    });
}

PushedArtifact push_artifact(Engine& engine, const std::string& typed, const std::string& destination, const RegistryOptions& registry,
                             const SignOptions& signing, const Callbacks& callbacks) {
    const storage::Artifact artifact = get_artifact(engine, typed);
    const oci::Reference target = oci::parse_reference(destination.empty() ? artifact.name : without_transport(destination, "artifact push"));
    if (target.digest) throw Error("artifact push: a digest cannot be pushed to: name a tag, as in ", target.name(), ":latest");
    if (target.registry == "localhost")
        throw Error("artifact push: ", target.str(), " is a local name: say where to push it to, as in ctl artifact push ", target.repository, " registry.example/", target.repository);
    try {
        const RegistryAccess access(engine, registry, callbacks.notice);
        std::optional<PushSigner> signer;
        if (!signing.key.empty()) signer.emplace(signing, target);
        PushedArtifact pushed{target.str(), send_artifact(engine, artifact, target, target.tag, access, callbacks)};
        if (signer) signer->sign(pushed.digest);
        return pushed;
    } catch (Error& e) {
        e.add_context(cat("artifact push ", artifact.name, " to ", target.str()));
        throw;
    }
}

std::string send_artifact(Engine& engine, const storage::Artifact& artifact, const oci::Reference& target, const std::string& tag,
                          const RegistryAccess& access, const Callbacks& callbacks) {
    const storage::Store store(engine.paths);
    std::vector<std::string> blobs = artifact.blobs;
    blobs.push_back(artifact.manifest_digest);
    const storage::Lease lease = store.lease_layers(blobs);
    const json source{{"transport", "artifact"}, {"path", store.path("artifacts")}, {"reference", artifact.manifest_digest},
                      {"place", artifact.source.substr(0, artifact.source.find('@'))}};
    const json destination{{"transport", "docker"}, {"endpoint", access.target(target)}, {"tag", tag}};
    return copy(engine, "copy-image", {{"source", source}, {"destination", destination}, {"images", "one"}, {"access", access.access()}}, callbacks);
}

std::vector<storage::Artifact> list_artifacts(Engine& engine) {
    const storage::Store store(engine.paths);
    return storage::Artifacts(store).list();
}

std::optional<storage::Artifact> find_artifact(Engine& engine, const std::string& typed) {
    const storage::Store store(engine.paths);
    const storage::Artifacts artifacts(store);
    const bool only_digest = typed.starts_with(oci::Digest::prefix) || typed.size() == oci::Digest::hex_length;
    if (!only_digest)
        for (const oci::Reference& candidate : oci::local_candidates(typed))
            if (auto found = find_by_reference(artifacts, candidate)) return found;
    return find_by_digest(artifacts, typed);
}

storage::Artifact get_artifact(Engine& engine, const std::string& typed) {
    if (auto found = find_artifact(engine, typed)) return *std::move(found);
    throw Error("no artifact with the name or digest \"", oci::printable(typed), "\" found; ctl artifact ls shows those there are").with_exit_code(no_such_artifact);
}

std::string remove_artifact(Engine& engine, const std::string& typed) {
    const storage::Artifact artifact = get_artifact(engine, typed);
    const storage::Store store(engine.paths);
    if (!storage::Artifacts(store).remove(artifact.name)) throw Error("artifact ", artifact.name, " has been removed already").with_exit_code(no_such_artifact);
    return artifact.manifest_digest;
}

std::vector<DamagedArtifact> find_damaged_artifacts(Engine& engine, ReadBlobs read) {
    const storage::Store store(engine.paths);
    const storage::Artifacts artifacts(store);
    std::vector<DamagedArtifact> damaged;
    for (const storage::Artifact& artifact : artifacts.list()) {
        std::vector<std::string> blobs = artifact.blobs, missing, there;
        blobs.push_back(artifact.manifest_digest);
        for (const std::string& blob : blobs) (artifacts.has_blob(blob) ? there : missing).push_back(blob);
        if (missing.empty() && read == ReadBlobs::yes) {
            const json result = run_image_worker(engine, {"artifact-check"}, request_file({{"blobs", there}}).get(), {});
            const auto wrong = oci::Fields(result, "the image worker's result").texts("damaged");
            if (wrong && !wrong->empty()) damaged.push_back({artifact.name, artifact.source, *wrong, false});
        }
        if (!missing.empty()) damaged.push_back({artifact.name, artifact.source, missing, true});
    }
    return damaged;
}

void repair_artifact(Engine& engine, const DamagedArtifact& damaged, const Callbacks& callbacks) {
    if (damaged.source.empty()) throw Error("it came from no registry: remove it (ctl artifact rm ", damaged.name, ") and add it again");
    const storage::Store store(engine.paths);
    storage::Artifacts artifacts(store);
    // Before the pull, which fetches what is not there: a blob that is not what its name says is of no use to anybody.
    for (const std::string& blob : damaged.blobs)
        if (!damaged.missing) artifacts.discard_blob(blob);
    const RegistryAccess access(engine, {}, callbacks.notice);
    (void)pull_one(engine, access, oci::parse_reference(damaged.source), damaged.name, callbacks);
}

} // namespace lib
