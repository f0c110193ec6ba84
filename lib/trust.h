// image trust: policy.json shown and changed.
#pragma once

#include "lib/trust_policy.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

/// One requirement of one scope.
struct TrustRow {
    std::string transport; ///< "all" for the default, otherwise as the file has it
    std::string scope;     ///< "default", "docker.io/library", or empty: the transport as a whole
    PolicyRequirement requirement;
};

/// The default first. `name`: only what counts for this registry, repository or image; empty: everything.
std::vector<TrustRow> trust_rows(const TrustPolicy& policy, const std::string& name);

struct TrustChange {
    std::string scope; ///< "default", or a registry, a repository, an image
    std::string kind;  ///< insecureAcceptAnything, reject, signedBy, sigstoreSigned
    std::vector<std::string> keys;
};

/// Replaces the scope's requirements in the user's file, or in the system's where we are root and the user has none; members that
/// we do not know are kept. A user's new file begins as a copy of the system's, which it is read in place of from then on.
/// Returns the file's path. Throws Error.
std::string set_trust(const TrustChange& change);

} // namespace lib
