// Content by digest in directories and archives: an OCI layout, and the directory that skopeo's dir: means.
//
// In a layout index.json names manifests and everything is blobs/sha256/HEX. In a dir: manifest.json is the one image, or an
// index whose manifests are HEX.manifest.json, and the blobs are HEX. A manifest.json that is a list is a docker-archive's.
#pragma once

#include "base/oci/manifest.h"
#include "lib/worker/archive.h"

#include <string>

namespace lib::worker {

inline constexpr std::size_t manifest_limit = 4 << 20; ///< bytes of manifests, indexes and lists of images

/// A manifest or an index, verified.
struct RawManifest {
    std::string body;       ///< exact bytes
    std::string media_type; ///< as the transport or the index says; may be empty
    oci::Digest digest;
};

enum class LayoutKind { oci, dir };

class Layout {
public:
    /// The archive must outlive this.
    Layout(const Archive& archive, LayoutKind kind) : archive_(archive), kind_(kind) {}

    /// Of a layout: what index.json lists. Throws Error for a version that is not known.
    oci::Index index() const;
    /// What `name` stands for, by its annotation in index.json; empty: the only image. In a dir: there is only one.
    RawManifest root(const std::string& name) const;
    RawManifest manifest(const oci::Descriptor& descriptor) const;
    /// Whole and verified.
    std::string read_blob(const oci::Descriptor& descriptor, std::size_t limit) const;
    std::string blob_name(const oci::Digest& digest) const;
    /// Its bytes, which nobody has looked at.
    Member blob(const oci::Descriptor& descriptor) const { return archive_.get(blob_name(descriptor.digest), Links::refused); }

private:
    std::string read_verified(const std::string& name, const oci::Descriptor& descriptor, std::size_t limit) const;

    const Archive& archive_;
    LayoutKind kind_;
};

/// The name that index.json gives to an image; empty: none.
std::string annotated_name(const oci::Descriptor& descriptor);

/// What is behind a path or descriptor, by the transport's name that policies know it by: oci, oci-archive, dir, docker-archive.
/// Throws Error for anything else.
std::string archive_kind(const Archive& archive, bool is_directory);

} // namespace lib::worker
