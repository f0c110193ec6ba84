// Where an image can be sent: a registry, a directory, an archive. Blobs first, in any order and from several threads, then
// each image's documents, then the end.
#pragma once

#include "base/oci/digest.h"
#include "lib/registry/upload.h"
#include "storage/compress.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lib::worker {

/// An image all of whose layers have been put.
struct FinishedImage {
    std::string manifest_json;
    std::string media_type;
    oci::Digest manifest_digest;
    std::string config_json;
    oci::Digest config_digest;
    std::vector<oci::Digest> layers;  ///< digests of the blobs, lowest first
    std::vector<std::string> names;   ///< "host/path:tag" to be known by there
};

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
    virtual void put_image(const FinishedImage& image) = 0;
    /// After the last image.
    virtual void finish() {}
    /// What the layers' places are recorded as; empty: nowhere that a later push could find them.
    virtual std::string place() const { return {}; }
};

/// {"transport": "docker", "endpoint": …, "tag": …} with the request's "access". `places`: what may be mounted from; a token is
/// asked for that is good for those of the same registry too.
std::unique_ptr<ImageSink> make_registry_sink(const nlohmann::json& destination, const nlohmann::json& access, const std::vector<std::string>& places);
/// The directory of an OCI layout; an image that has the same name there is replaced.
std::unique_ptr<ImageSink> make_oci_sink(const std::string& path);
/// skopeo's directory: manifest.json, version, and blobs by their hexadecimal digits.
std::unique_ptr<ImageSink> make_dir_sink(const std::string& path);
/// A tar of an OCI layout, to a descriptor.
std::unique_ptr<ImageSink> make_oci_archive_sink(int fd);
/// What `docker save` writes; its blobs are plain tars.
std::unique_ptr<ImageSink> make_docker_archive_sink(int fd);

} // namespace lib::worker
