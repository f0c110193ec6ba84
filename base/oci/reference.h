// Image names as users type them and as the store keeps them.
//
//   typed      nginx   nginx:1.27   user/app   localhost:5000/x   x@sha256:…   name:tag@sha256:…
//   qualified  docker.io/library/nginx:latest
//
// A name is unqualified when its first component cannot be a host: it has neither '.' nor ':' and is not "localhost".
// Grammar and limits: distribution/reference. print ∘ parse is the identity on qualified names.
#pragma once

#include "base/oci/digest.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oci {

/// A fully qualified name. At least one of tag and digest is there.
struct Reference {
    std::string registry;   ///< "docker.io", "localhost", "127.0.0.1:5000", "[::1]:5000"
    std::string repository; ///< "library/nginx"
    std::string tag;        ///< empty when only a digest was given
    std::optional<Digest> digest;

    std::string name() const { return registry + "/" + repository; }
    std::string str() const; ///< name[:tag][@digest]
    bool operator==(const Reference&) const = default;
};

/// Parses and qualifies: an unqualified name belongs to docker.io (library/ where it has one component only); neither
/// tag nor digest means :latest. Throws Error naming the part that is wrong.
Reference parse_reference(std::string_view text);

/// As parse_reference, but an unqualified name belongs to localhost/: where tag, load and build put bare names.
Reference parse_local_reference(std::string_view text);

/// The names to look for in the local store, in this order: for an unqualified name localhost/ first, then docker.io.
std::vector<Reference> local_candidates(std::string_view text);

/// Whether the text names its registry.
bool is_qualified(std::string_view text);

/// The registry a name is pulled from: docker.io is served by registry-1.docker.io.
std::string registry_host(const Reference& reference);

} // namespace oci
