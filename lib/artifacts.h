// Artifacts (storage/artifacts.h): files made into one, fetched from and sent to registries, taken out again.
#pragma once

#include "lib/engine.h"
#include "lib/registry_access.h"
#include "lib/run.h"
#include "lib/sign.h"
#include "storage/artifacts.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lib {

inline constexpr int no_such_artifact = 1; ///< exit code of an attempt to remove one

enum class ArtifactMode { create, append, replace };

struct ArtifactAddRequest {
    std::string name;               ///< without a registry: localhost/
    std::vector<std::string> files; ///< paths; pipes will do
    ArtifactMode mode = ArtifactMode::create;
    std::string type;               ///< media type of the artifact; not when appending
    std::string file_type;          ///< of each file; empty: by how it begins
    std::map<std::string, std::string> annotations; ///< of each file
};
/// All files or none. The manifest's digest, "sha256:…".
std::string add_artifact(Engine& engine, const ArtifactAddRequest& request, const Callbacks& callbacks);

/// An artifact that is an entry of a manifest list. Podman keeps the paths of its files; here they are taken into the store, and a push
/// sends what was added.
struct ListArtifactRequest {
    std::string place;               ///< "host/path": it is kept as place@digest
    std::vector<std::string> files;
    std::optional<std::string> type; ///< of the artifact; empty: none
    std::string config;              ///< path of a file; empty: "{}"
    std::string config_type;
    std::string file_type;           ///< of each file; empty: by its name, then by how it begins
    bool untitled = false;           ///< files are given no titles
    std::string subject;             ///< a descriptor, JSON
};
/// The name it has among the artifacts.
std::string add_list_artifact(Engine& engine, const ListArtifactRequest& request, const Callbacks& callbacks);

/// From where the name leads, under that name; blobs that are here are not fetched. The manifest's digest.
std::string pull_artifact(Engine& engine, const std::string& name, const RegistryOptions& registry, const Callbacks& callbacks);

struct PushedArtifact {
    std::string destination; ///< qualified
    std::string digest;
};
/// `destination`: name in a registry; empty: the artifact's.
PushedArtifact push_artifact(Engine& engine, const std::string& artifact, const std::string& destination, const RegistryOptions& registry,
                             const SignOptions& signing, const Callbacks& callbacks);

/// Under a tag, or by its digest alone where that is empty. The manifest's digest.
std::string send_artifact(Engine& engine, const storage::Artifact& artifact, const oci::Reference& target, const std::string& tag,
                          const RegistryAccess& access, const Callbacks& callbacks);

std::vector<storage::Artifact> list_artifacts(Engine& engine);
/// By name, name@digest, or the start of the manifest's digest.
storage::Artifact get_artifact(Engine& engine, const std::string& typed);
std::optional<storage::Artifact> find_artifact(Engine& engine, const std::string& typed);
/// The digest of the manifest that had the name. Blobs stay until the next `system prune`.
std::string remove_artifact(Engine& engine, const std::string& typed);

/// One of its files; both empty: all.
struct ArtifactFile {
    std::string digest;
    std::string title;
};
/// Into a directory that is there, each under its title or digest; one alone into a file otherwise, in place of what was there.
void extract_artifact(Engine& engine, const std::string& typed, const std::string& target, const ArtifactFile& which);

struct DamagedArtifact {
    std::string name;
    std::string source; ///< host/path@sha256:…; empty: made here
    std::vector<std::string> blobs;
    bool missing = false; ///< blobs are, rather than wrong
};
/// Artifacts whose blobs are not there, or with `read` not what they were.
enum class ReadBlobs { no, yes };
std::vector<DamagedArtifact> find_damaged_artifacts(Engine& engine, ReadBlobs read);
/// Fetches the artifact's blobs again. Throws Error saying why that is not possible.
void repair_artifact(Engine& engine, const DamagedArtifact& damaged, const Callbacks& callbacks);

} // namespace lib
