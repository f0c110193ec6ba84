// Where an image can be sent: a registry, a directory, an archive. Blobs first, in any order and from several threads, then
// each image's documents, then the end.
#pragma once

#include "base/oci/digest.h"
#include "lib/registry/upload.h"
#include "lib/worker/report.h"
#include "storage/compress.h"
#include "storage/store.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lib::worker {

/// A manifest or an index, all of whose content has been put.
struct FinishedManifest {
    std::string json;
    std::string media_type;
    oci::Digest digest;
    std::vector<std::string> names{}; ///< "host/path:tag" to be known by there
};

struct FinishedImage {
    FinishedManifest manifest;
    std::string config_json;
    oci::Digest config_digest;
    std::vector<oci::Digest> layers; ///< digests of the blobs, lowest first
};

/// An image of its own, or one whose index follows.
enum class Role { whole, member };

class ImageSink {
public:
    ImageSink() = default;
    ImageSink(const ImageSink&) = delete;
    ImageSink& operator=(const ImageSink&) = delete;
    virtual ~ImageSink() = default;

    virtual bool has_blob(const oci::Digest& digest) = 0;
    /// From a place ("host/repository") where it is known to be; false where that is not possible.
    virtual bool try_mount(const oci::Digest&, const std::string& /*place*/) { return false; }
    virtual void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) = 0;
    virtual void put_image(const FinishedImage& image, Role role) = 0;
    /// After its members; it may be one itself. Throws Error where there can be none.
    virtual void put_index(const FinishedManifest& index, Role role) = 0;
    virtual bool takes_indexes() const { return true; }
    /// After the last image.
    virtual void finish() {}
    /// What the layers' places are recorded as; empty: nowhere that a later push could find them.
    virtual std::string place() const { return {}; }
};

/// The request's "destination": {"transport": docker, oci, dir, oci-archive or docker-archive, "path": …}; archives go to descriptor 3.
/// `places` as below.
std::unique_ptr<ImageSink> make_sink(const nlohmann::json& request, const std::vector<std::string>& places, Report& report);

/// {"transport": "docker", "endpoint": …, "tag": …} with the request's "access". `places`: what may be mounted from; a token is
/// asked for that is good for those of the same registry too.
std::unique_ptr<ImageSink> make_registry_sink(const nlohmann::json& destination, const nlohmann::json& access, const std::vector<std::string>& places, Report& report);
/// {"transport": "artifact", "name": …, "source": "host/path"}: the artifacts of our own store (storage/artifacts.h), with downloads
/// that go on where an earlier process stopped. The store and the report must outlive it.
std::unique_ptr<ImageSink> make_artifact_sink(storage::Store& store, const nlohmann::json& destination, Report& report);
/// The directory of an OCI layout; an image that has the same name there is replaced.
std::unique_ptr<ImageSink> make_oci_sink(const std::string& path);
/// skopeo's directory: manifest.json, version, and blobs by their hexadecimal digits.
std::unique_ptr<ImageSink> make_dir_sink(const std::string& path);
/// A tar of an OCI layout, to a descriptor.
std::unique_ptr<ImageSink> make_oci_archive_sink(int fd);
/// What `docker save` writes; its blobs are plain tars.
std::unique_ptr<ImageSink> make_docker_archive_sink(int fd);

} // namespace lib::worker
