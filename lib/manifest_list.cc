// See lib/manifest_list.h.
#include "lib/manifest_list.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/oci/image_config.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/manifest.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/artifacts.h"
#include "lib/image_worker.h"
#include "lib/list_push.h"
#include "lib/remote_image.h"
#include "lib/resolve_image.h"
#include "lib/trust_policy.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

namespace lib {
namespace {

using nlohmann::json;

std::string qualified(const std::string& name) {
    const oci::Reference reference = oci::parse_local_reference(name);
    if (reference.digest) throw Error("\"", oci::printable(name), "\": the name of a list cannot have a digest");
    return reference.str();
}

std::string directory(const Engine& engine) { return engine.paths.image_root() + "/lists"; }

std::string file_of(const Engine& engine, const std::string& qualified_name) {
    std::string file = qualified_name;
    std::ranges::replace(file, '/', '%');
    return cat(directory(engine), "/", file, ".json");
}

/// As named, or as localhost/ names a bare one; nullopt: there is no such list.
std::optional<std::string> find_text(const Engine& engine, const std::string& name) {
    for (const oci::Reference& candidate : oci::local_candidates(name))
        if (auto text = files::find(file_of(engine, candidate.str()))) return text;
    return std::nullopt;
}

json parse_list(const std::string& text) { return oci::parse_json_text(text, "the manifest list"); }

json load_list(const Engine& engine, const std::string& name) {
    if (const auto text = find_text(engine, name)) return parse_list(*text);
    throw Error("no manifest list with the name \"", oci::printable(name), "\" found; ctl manifest create makes one");
}

FileLock lock_lists(const Engine& engine) {
    engine.paths.ensure();
    sys::ensure_dir(directory(engine), 0700);
    return FileLock::acquire(AT_FDCWD, engine.paths.image_root() + "/lists.lock", FileLock::Mode::exclusive);
}

void save_list(const Engine& engine, const json& list) {
    files::write_atomic(AT_FDCWD, file_of(engine, list["name"].get<std::string>()), list.dump(), 0600, files::Durability::synced);
}

/// Lets `change` work on a list with nobody else in between.
template <class Change>
void change_list(Engine& engine, const std::string& name, const Change& change) {
    const FileLock lock = lock_lists(engine);
    json list = load_list(engine, name);
    change(list);
    save_list(engine, list);
}

void apply(json& entry, const ListEntryOptions& options) {
    const auto set = [&](const char* key, const std::optional<std::string>& value) {
        if (value) entry["platform"][key] = *value;
    };
    set("os", options.os);
    set("architecture", options.architecture);
    set("variant", options.variant);
    set("os.version", options.os_version);
    if (!options.os_features.empty()) entry["platform"]["os.features"] = options.os_features;
    if (!options.features.empty()) entry["platform"]["features"] = options.features;
    for (const auto& [key, value] : options.annotations) entry["annotations"][key] = value;
}

/// A descriptor for an image of the store.
json local_entry(const storage::Image& image) {
    const oci::Platform platform = oci::parse_image_config(image.config_json).platform;
    json entry{{"mediaType", oci::parse_manifest(image.manifest_json).media_type},
               {"digest", image.manifest_digest},
               {"size", image.manifest_json.size()},
               {"platform", {{"os", platform.os}, {"architecture", platform.architecture}}},
               {"from", {{"image", storage::digest_hex(image.id)}}}};
    if (!platform.variant.empty()) entry["platform"]["variant"] = platform.variant;
    return entry;
}

/// What a registry has under the name: {"entries": […]}, {"body", …}.
json fetch_remote(Engine& engine, const RegistryAccess& access, const oci::Reference& reference, bool all, const std::string& platform,
                  const Callbacks& callbacks) {
    try {
        const json request{{"sources", access.sources(reference)}, {"access", access.access()}, {"name", reference.str()}, {"all", all}, {"platform", platform}};
        return run_image_worker(engine, {"manifest"}, request_file(request).get(), {callbacks.notice, {}});
    } catch (Error& e) {
        e.add_context(reference.str());
        throw;
    }
}

json remote_entries(Engine& engine, const ListAddRequest& request, const std::string& typed, const Callbacks& callbacks) {
    const RegistryAccess access(engine, request.registry, callbacks.notice);
    const oci::Reference reference = access.conf().candidates(typed).front();
    TrustPolicy::load(request.registry.signature_policy).check(registry_origin(reference));
    const ListEntryOptions& o = request.options;
    const std::string platform = o.architecture ? cat(o.os.value_or("linux"), "/", *o.architecture, o.variant ? "/" + *o.variant : "") : "";
    json entries = fetch_remote(engine, access, reference, request.all, platform, callbacks).at("entries");
    for (json& entry : entries) entry["from"] = {{"repository", reference.name()}};
    return entries;
}

void put_entry(json& list, json entry) {
    for (json& other : list["entries"])
        if (other["digest"] == entry["digest"]) {
            other = std::move(entry);
            return;
        }
    list["entries"].push_back(std::move(entry));
}

/// By digest, or by the image of the store it is.
json& find_entry(const Engine& engine, json& list, const std::string& typed) {
    std::string digest = typed;
    if (!oci::Digest::find(typed))
        if (const auto image = find_local_image(engine, typed)) digest = image->image.manifest_digest;
    for (json& entry : list["entries"])
        if (entry["digest"] == digest) return entry;
    throw Error("the manifest list ", list["name"].get<std::string>(), " has no entry ", oci::printable(typed));
}

/// A descriptor, without more.
json subject_of(Engine& engine, const std::string& typed, const RegistryOptions& registry, const Notice& notice) {
    if (!typed.starts_with("docker://")) {
        json entry = local_entry(get_local_image(engine, typed).image);
        return {{"mediaType", entry["mediaType"]}, {"digest", entry["digest"]}, {"size", entry["size"]}};
    }
    const RemoteManifest there = remote_manifest(engine, {.place = typed, .tags = false, .registry = registry}, notice);
    return {{"mediaType", oci::Fields(oci::parse_json_text(there.body, "manifest"), "manifest").required_text("mediaType")},
            {"digest", there.digest},
            {"size", there.body.size()}};
}

/// The name of the artifact that an entry is; empty: it is an image.
std::string artifact_of(const json& entry) { return entry.value("from", json::object()).value("artifact", ""); }

/// Removes the artifacts of entries that are in no list any more.
void forget_artifacts(Engine& engine, const json& entries, const FileLock& /*lists*/) {
    std::set<std::string> gone;
    for (const json& entry : entries)
        if (std::string name = artifact_of(entry); !name.empty()) gone.insert(std::move(name));
    if (gone.empty()) return;
    for (const std::string& file : files::list(AT_FDCWD, directory(engine))) {
        if (!file.ends_with(".json")) continue;
        const json list = parse_list(files::read(cat(directory(engine), "/", file)));
        for (const json& entry : list.at("entries")) gone.erase(artifact_of(entry));
    }
    for (const std::string& name : gone)
        if (const auto found = find_artifact(engine, name); found && found->name == name) (void)remove_artifact(engine, name);
}

json artifact_entry(Engine& engine, const std::string& name) {
    const storage::Artifact artifact = get_artifact(engine, name);
    const json manifest = oci::parse_json_text(artifact.manifest_json, "manifest");
    json entry{{"mediaType", manifest.at("mediaType")}, {"digest", artifact.manifest_digest}, {"size", artifact.manifest_json.size()}, {"from", {{"artifact", name}}}};
    if (manifest.contains("artifactType")) entry["artifactType"] = manifest["artifactType"];
    return entry;
}

} // namespace

std::string create_manifest_list(Engine& engine, const std::string& name, Amend amend, const std::map<std::string, std::string>& annotations) {
    const FileLock lock = lock_lists(engine);
    const auto before = find_text(engine, name);
    if (before && amend == Amend::no) throw Error("the manifest list ", oci::printable(name), " is there already: --amend adds to it");
    json list = before ? parse_list(*before) : json{{"name", qualified(name)}, {"entries", json::array()}};
    for (const auto& [key, value] : annotations) list["annotations"][key] = value;
    save_list(engine, list);
    return list["name"];
}

void add_to_manifest_list(Engine& engine, const ListAddRequest& request, const Callbacks& callbacks) {
    (void)load_list(engine, request.list); // before the network is asked
    const bool remote = request.image.starts_with("docker://");
    const std::string typed = remote ? request.image.substr(9) : request.image;
    std::optional<FoundLocalImage> local;
    if (!remote) local = find_local_image(engine, typed);
    json entries = local ? json::array({local_entry(local->image)}) : remote_entries(engine, request, typed, callbacks);
    change_list(engine, request.list, [&](json& list) {
        for (json& entry : entries) {
            apply(entry, request.options);
            put_entry(list, std::move(entry));
        }
    });
}

void add_artifact_to_manifest_list(Engine& engine, const ListAddRequest& request, ListArtifactRequest artifact, const std::string& subject,
                                   const Callbacks& callbacks) {
    artifact.place = oci::parse_reference(load_list(engine, request.list).at("name").get<std::string>()).name();
    if (!subject.empty()) artifact.subject = subject_of(engine, subject, request.registry, callbacks.notice).dump();
    json entry = artifact_entry(engine, add_list_artifact(engine, artifact, callbacks));
    apply(entry, request.options);
    change_list(engine, request.list, [&](json& list) { put_entry(list, std::move(entry)); });
}

void annotate_manifest_list(Engine& engine, const std::string& name, const std::string& entry, const ListEntryOptions& options) {
    change_list(engine, name, [&](json& list) {
        if (!entry.empty()) return apply(find_entry(engine, list, entry), options);
        for (const auto& [key, value] : options.annotations) list["annotations"][key] = value;
    });
}

void set_list_subject(Engine& engine, const std::string& name, const std::string& subject, const Notice& notice) {
    const json descriptor = subject_of(engine, subject, {}, notice);
    change_list(engine, name, [&](json& list) { list["subject"] = descriptor; });
}

void remove_from_manifest_list(Engine& engine, const std::string& name, const std::string& digest) {
    const FileLock lock = lock_lists(engine);
    json list = load_list(engine, name), kept = json::array(), gone = json::array();
    const std::string wanted = find_entry(engine, list, digest)["digest"];
    for (json& entry : list["entries"]) (entry["digest"] == wanted ? gone : kept).push_back(std::move(entry));
    list["entries"] = std::move(kept);
    save_list(engine, list);
    forget_artifacts(engine, gone, lock);
}

bool remove_manifest_list(Engine& engine, const std::string& name) {
    const FileLock lock = lock_lists(engine);
    const auto text = find_text(engine, name);
    if (!text) return false;
    const json list = parse_list(*text);
    const bool removed = sys::unlink_at(AT_FDCWD, file_of(engine, list.at("name")));
    forget_artifacts(engine, list.at("entries"), lock);
    return removed;
}

bool manifest_list_exists(const Engine& engine, const std::string& name) { return find_text(engine, name).has_value(); }

json inspect_manifest_list(Engine& engine, const std::string& name, const RegistryOptions& registry, const Callbacks& callbacks) {
    if (const auto text = find_text(engine, name)) return index_document(parse_list(*text), "");
    const RegistryAccess access(engine, registry, callbacks.notice);
    const json answer = fetch_remote(engine, access, access.conf().candidates(name).front(), true, "", callbacks);
    return oci::parse_json_text(answer.at("body").get<std::string>(), "manifest");
}

std::string push_manifest_list(Engine& engine, const ListPushRequest& request, const Callbacks& callbacks) {
    return push_list(engine, load_list(engine, request.list), request, callbacks);
}

} // namespace lib
