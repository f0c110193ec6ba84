// See lib/artifacts.h.
#include "lib/artifacts.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/image_place.h"
#include "lib/image_worker.h"
#include "lib/pull.h"
#include "lib/source_request.h"
#include "lib/trust_policy.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>

#include <algorithm>

namespace lib {
namespace {

using nlohmann::json;

/// Files of one `artifact add`: what the buffer of a socket surely takes (net.core.wmem_default).
constexpr std::size_t most_files = 128;

const char* to_text(ArtifactMode mode) {
    switch (mode) {
    case ArtifactMode::create: return "new";
    case ArtifactMode::append: return "append";
    case ArtifactMode::replace: return "replace";
    }
    return "";
}

UniqueFd open_file(const std::string& path) {
    UniqueFd fd = sys::open(path, O_RDONLY | O_NOCTTY);
    if (S_ISDIR(sys::fstat(fd.get(), path).st_mode)) throw Error(oci::printable(path), ": is a directory: an artifact consists of files");
    return fd;
}

std::string title_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

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
    const json result = run_image_worker(engine, {word}, request_file(request).get(), {callbacks.notice, callbacks.pull_progress});
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

std::string add_artifact(Engine& engine, const ArtifactAddRequest& request, const Callbacks& callbacks) {
    if (request.files.size() > most_files)
        throw Error("artifact add: more than ", most_files, " files at once: --append adds further ones");
    if (request.mode == ArtifactMode::append && !request.type.empty()) throw Error("artifact add: --append and --type exclude each other");
    const oci::Reference reference = oci::parse_local_reference(request.name);
    if (reference.digest) throw Error("artifact add: ", oci::printable(request.name), ": a new artifact cannot be given a digest");
    SocketPair line = sys::socket_pair(SOCK_STREAM);
    json titles = json::array();
    for (const std::string& path : request.files) {
        sys::send_fd(line.ours.get(), open_file(path).get(), "pass the files on");
        titles.push_back(title_of(path));
    }
    const json document{{"name", kept_name(reference)},      {"mode", to_text(request.mode)}, {"type", request.type},
                        {"file_type", request.file_type}, {"annotations", request.annotations}, {"titles", std::move(titles)}};
    const json result = run_image_worker(engine, {"artifact-add"}, request_file(document).get(), {callbacks.notice, callbacks.pull_progress},
                                         [&] { return sys::dup(line.theirs.get()); });
    return oci::Fields(result, "the image worker's result").digest("digest").str();
}

std::string pull_artifact(Engine& engine, const std::string& name, const RegistryOptions& registry, const Callbacks& callbacks) {
    const std::string typed = without_transport(name, "artifact pull");
    const RegistryAccess access(engine, registry, callbacks.notice);
    return first_pulled(pulled_names(access, typed, callbacks), typed, [&](const oci::Reference& reference) {
        return pull_one(engine, access, reference, kept_name(reference), callbacks);
    });
}

PushedArtifact push_artifact(Engine& engine, const std::string& typed, const std::string& destination, const RegistryOptions& registry,
                             const Callbacks& callbacks) {
    const storage::Artifact artifact = get_artifact(engine, typed);
    const oci::Reference target = oci::parse_reference(destination.empty() ? artifact.name : without_transport(destination, "artifact push"));
    if (target.digest) throw Error("artifact push: a digest cannot be pushed to: name a tag, as in ", target.name(), ":latest");
    if (target.registry == "localhost")
        throw Error("artifact push: ", target.str(), " is a local name: say where to push it to, as in ctl artifact push ", target.repository, " registry.example/", target.repository);
    const storage::Store store(engine.paths);
    std::vector<std::string> blobs = artifact.blobs;
    blobs.push_back(artifact.manifest_digest);
    const storage::Lease lease = store.lease_layers(blobs);
    try {
        const RegistryAccess access(engine, registry, callbacks.notice);
        const json source{{"transport", "artifact"}, {"path", store.path("artifacts")}, {"reference", artifact.manifest_digest},
                          {"place", artifact.source.substr(0, artifact.source.find('@'))}};
        const json place{{"transport", "docker"}, {"endpoint", access.target(target)}, {"tag", target.tag}};
        return {target.str(), copy(engine, "copy-image", {{"source", source}, {"destination", place}, {"images", "one"}, {"access", access.access()}}, callbacks)};
    } catch (Error& e) {
        e.add_context(cat("artifact push ", artifact.name, " to ", target.str()));
        throw;
    }
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
