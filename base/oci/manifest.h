// Image manifests and indexes: OCI image manifest and index, Docker v2 schema 2 manifest and manifest list.
//
// A body must be one or the other. Its media type comes from the registry's Content-Type and from its own mediaType
// member; where both speak they must agree, and a body with the members of both kinds is refused, so that one digest
// never has two meanings (CVE-2021-41190; security.md E11).
#pragma once

#include "base/oci/digest.h"
#include "base/oci/platform.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace oci {

namespace media_type {
inline constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view oci_layer = "application/vnd.oci.image.layer.v1.tar";
} // namespace media_type

/// A reference to content by digest (image-spec, descriptor.md).
struct Descriptor {
    std::string media_type;
    Digest digest;
    std::uint64_t size = 0;
    std::optional<Platform> platform;               ///< in an index only
    std::map<std::string, std::string> annotations{};
};

struct Manifest {
    std::string media_type;
    Descriptor config;
    std::vector<Descriptor> layers; ///< lowest first
    std::map<std::string, std::string> annotations{};
    std::string artifact_type{};    ///< of an artifact; empty: its config's media type says what it is
};

/// Whether it is of a container image; otherwise of an artifact (image-spec, manifest.md, "Guidelines for Artifact Usage").
bool is_image(const Manifest& manifest);

struct Index {
    std::string media_type;
    std::vector<Descriptor> manifests;
};

using ManifestOrIndex = std::variant<Manifest, Index>;

/// Whether artifacts will do too: where content is only moved.
enum class Content { image, any };

/// `content_type` is what the transport said, empty where there is none (parameters after ';' are ignored). Throws Error.
ManifestOrIndex parse_manifest_or_index(std::string_view text, std::string_view content_type = {}, Content content = Content::image);
/// As above, where only a manifest will do.
Manifest parse_manifest(std::string_view text, std::string_view content_type = {}, Content content = Content::image);
/// As above, where only an index will do (index.json of an OCI layout).
Index parse_index(std::string_view text);

/// The OCI JSON text of a manifest made by us (load of a docker-archive).
std::string to_json(const Manifest& manifest);

/// The manifest of an index that fits best. Entries without a platform fit only where they are alone. Throws Error
/// naming the platforms there are.
const Descriptor& choose_platform(const Index& index, const Platform& wanted);
/// As above; nullptr where none fits.
const Descriptor* find_platform(const Index& index, const Platform& wanted);

/// How a layer's bytes are packed, by its media type. Throws Error for what is no layer, is encrypted, or is distributed
/// outside of the registry (foreign layers are not fetched, security.md E7).
enum class LayerCompression { none, gzip, zstd };
LayerCompression layer_compression(const Descriptor& layer);

} // namespace oci
