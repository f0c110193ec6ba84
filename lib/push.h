// push and save: images of the store to registries, directories and archives.
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"
#include "lib/registry_access.h"
#include "lib/run.h"
#include "lib/sign.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lib {

struct ImagePlace;

/// How layers and manifest are to be written; empty texts: as they are, layers of images made here as gzip.
struct PackingOptions {
    std::string format;      ///< oci, v2s2
    std::string compression; ///< gzip, zstd, none: of every layer
    std::string fallback;    ///< gzip, zstd, none: of plain layers of images made here
    std::optional<int> level;
    bool preserve = false;   ///< another digest than the source's is an error
};

struct PushRequest {
    std::string image;       ///< by name or id
    std::string destination; ///< name in a registry, docker://…, oci:DIR[:NAME], dir:DIR, oci-archive:FILE[:NAME],
                             ///< docker-archive:FILE[:NAME]; empty: the image's name
    PackingOptions packing;
    RegistryOptions registry{};
    std::vector<std::string> additional_tags{}; ///< further names in a docker-archive
    SignOptions signing{};   ///< only in a registry
};

struct PushResult {
    std::string destination; ///< qualified
    std::string digest;      ///< of the manifest there
    bool changed = false;    ///< it is not that of the image here
};

/// The options as they are for a place that has room for one kind of image only: plain layers in Docker's format in a
/// docker-archive, OCI's format in an OCI layout, as with skopeo, which reads nothing else there. Throws Error where another is asked for.
PackingOptions fitting_packing(const ImagePlace& place, PackingOptions packing);

PushResult push_image(Engine& engine, const PushRequest& request, const Callbacks& callbacks);

/// A manifest as it is in a registry now.
struct PushedManifest {
    std::string digest;
    std::uint64_t size = 0;
    std::string media_type;
    std::vector<std::string> packings{}; ///< of its layers: gzip, zstd, none, each once
};
/// As the image worker answers. Throws Error.
PushedManifest parse_pushed(const nlohmann::json& answer);
/// The members of a worker's request that say how to pack.
void add_packing(nlohmann::json& request, const PackingOptions& packing);
/// Into the repository of `target`, under its digest and no tag: for a manifest list.
PushedManifest push_by_digest(Engine& engine, const storage::Image& image, const oci::Reference& target, const RegistryAccess& access,
                              const PackingOptions& packing, const Callbacks& callbacks);

enum class SaveFormat { docker_archive, oci_archive, oci_dir, docker_dir };

struct SaveRequest {
    std::vector<std::string> images; ///< by name or id
    std::vector<std::string> names;  ///< further names for the only image
    SaveFormat format = SaveFormat::docker_archive;
    std::string path;                ///< of a directory
    int fd = -1;                     ///< of an archive
    PackingOptions packing;
};

void save_images(Engine& engine, const SaveRequest& request, const Callbacks& callbacks);

} // namespace lib
