// What refers to a manifest as its subject, where the registry does not keep the list itself (distribution-spec, "Referrers Tag
// Schema"): clients keep it, in an index under the tag sha256-HEX.
#pragma once

#include "lib/registry/client.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace lib::registry {

/// The tag of the index with a manifest's referrers.
std::string referrers_tag(const oci::Digest& subject);

/// The index there; nullopt where there is none.
std::optional<std::string> fetch_referrers_index(Client& client, const oci::Digest& subject);

/// What the index says of a manifest that refers to a subject; nullopt for one that refers to nothing. Throws Error for a subject that
/// cannot be understood.
struct Referrer {
    oci::Digest subject;
    std::string descriptor; ///< JSON
};
std::optional<Referrer> find_referrer(const std::string& media_type, const std::string& manifest, const oci::Digest& digest);

/// The index with one more entry, unless it is there; `index` empty: a new one. nullopt: nothing to change. Throws Error for what is no index.
std::optional<std::string> with_referrer(const std::string& index, const Referrer& referrer);

} // namespace lib::registry
