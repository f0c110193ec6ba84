// Where an image can be copied from without being unpacked: a registry, an OCI layout or dir:, an archive.
#pragma once

#include "base/oci/manifest.h"
#include "lib/worker/fetcher.h"
#include "lib/worker/layout.h"
#include "lib/worker/report.h"
#include "storage/byte_source.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace lib::worker {

class ImageSource {
public:
    ImageSource() = default;
    ImageSource(const ImageSource&) = delete;
    ImageSource& operator=(const ImageSource&) = delete;
    virtual ~ImageSource() = default;

    /// What the name leads to.
    virtual RawManifest root() = 0;
    /// One that an index names.
    virtual RawManifest manifest(const oci::Descriptor& descriptor) = 0;
    /// A small blob (a config), whole and verified.
    virtual std::string read_blob(const oci::Descriptor& descriptor, std::size_t limit) = 0;
    /// Its bytes from an offset on, which nobody has looked at. Any thread; the source must outlive it.
    virtual std::unique_ptr<storage::ByteSource> open_blob(const oci::Descriptor& descriptor, std::uint64_t offset) = 0;
    /// "host/repository", where blobs may be mounted from; empty: nowhere.
    virtual std::string place() const { return {}; }
};

/// {"transport": "docker", "sources": […], "reference": tag or digest, "access": {…}}: the first that has it;
/// {"transport": "artifact", "path": the directory of the store's artifacts, "reference": the manifest's digest,
/// "place": where it was pulled from};
/// {"transport": oci, dir, oci-archive or docker-archive, "path": a directory, "name": of the image}; archives are `archive_fd`.
std::unique_ptr<ImageSource> make_source(const nlohmann::json& source, int archive_fd, const std::string& spool_dir, Report& report);
/// The first of the "sources" that has the "reference", as a fetcher that was asked for this request has them. It must outlive this.
std::unique_ptr<ImageSource> make_fetched_source(Fetcher& fetcher, const nlohmann::json& source);

} // namespace lib::worker
