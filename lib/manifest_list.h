// Manifest lists: one name for images of several platforms, put together here and pushed as an OCI index.
//
// lists/<name, '/' as '%'>.json below the data root holds the descriptors, and for each where it comes from: an image of the
// store, a repository in a registry from which a push copies it, or an artifact that was made for the list and goes with it. A list is no
// image: it keeps none alive, and a push says which one is gone. Writers hold lists.lock.
#pragma once

#include "lib/artifacts.h"
#include "lib/push.h"
#include "lib/registry_access.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// What `add` and `annotate` say about an entry; what is not given stays.
struct ListEntryOptions {
    std::optional<std::string> os, architecture, variant, os_version;
    std::vector<std::string> os_features, features;
    std::map<std::string, std::string> annotations;
};

struct ListAddRequest {
    std::string list;
    std::string image; ///< of the store, or else in a registry; docker:// before it: in a registry
    bool all = false;  ///< every platform of one that is a list itself
    ListEntryOptions options;
    RegistryOptions registry;
};

enum class Amend { no, yes };
/// An empty list. An Error where there is one and it may not be amended. Returns the qualified name.
std::string create_manifest_list(Engine& engine, const std::string& name, Amend amend, const std::map<std::string, std::string>& annotations);
void add_to_manifest_list(Engine& engine, const ListAddRequest& request, const Callbacks& callbacks);
/// The request's options are those of the entry, and its image is not looked at. `subject`: what the artifact is about, as below.
void add_artifact_to_manifest_list(Engine& engine, const ListAddRequest& request, ListArtifactRequest artifact, const std::string& subject,
                                   const Callbacks& callbacks);
/// `entry`: a digest, or an image of the store that is in the list. With an empty one: the list itself.
void annotate_manifest_list(Engine& engine, const std::string& name, const std::string& entry, const ListEntryOptions& options);
/// What the list is about: an image of the store, or with docker:// before it in a registry. A push puts the list into that one's referrers.
void set_list_subject(Engine& engine, const std::string& name, const std::string& subject, const Notice& notice);
void remove_from_manifest_list(Engine& engine, const std::string& name, const std::string& digest);
/// False when there is none.
bool remove_manifest_list(Engine& engine, const std::string& name);
bool manifest_list_exists(const Engine& engine, const std::string& name);
/// The index as it would be pushed; of a name that is no list here, the manifest in its registry.
nlohmann::json inspect_manifest_list(Engine& engine, const std::string& name, const RegistryOptions& registry, const Callbacks& callbacks);

struct ListPushRequest {
    std::string list;
    std::string destination; ///< name in a registry, docker:// before it or not; empty: the list's
    bool all = true;         ///< the images too
    PackingOptions packing;
    std::vector<std::string> variants; ///< gzip, zstd: each image is to be there in these, too
    RegistryOptions registry;
    SignOptions signing; ///< of the images that are sent, and of the list
};
/// The digest of the index there.
std::string push_manifest_list(Engine& engine, const ListPushRequest& request, const Callbacks& callbacks);

} // namespace lib
