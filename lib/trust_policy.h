// policy.json (containers-policy.json(5)): which images may come in.
//
// $HOME/.config/containers/policy.json counts where it is there, otherwise /etc/containers/policy.json; where there is neither,
// everything is accepted. The most specific scope that has the image counts alone, and all of its requirements must hold.
// insecureAcceptAnything and reject are known. Signatures are not verified, so whatever asks for one refuses the image, and so
// does a kind that nobody knows.
#pragma once

#include "base/oci/reference.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// An image as the policy sees it. A transport is "docker", "oci", "dir", "oci-archive", "docker-archive", "tarball".
struct ImageOrigin {
    std::string transport;
    std::vector<std::string> scopes; ///< the most specific one first, without that of the transport itself
};

/// host/path:tag (or @digest), its repository, its namespaces, its host, and *.domain for each domain of it.
ImageOrigin registry_origin(const oci::Reference& reference);
/// The file or directory, without symbolic links, and those above it but /. An empty path has the transport's scope alone, and
/// so has every image of a docker-archive and a tarball.
ImageOrigin file_origin(const std::string& transport, const std::string& path);

struct PolicyRequirement {
    std::string kind;
    std::vector<std::string> keys{}; ///< paths of key files
};
using PolicyRequirements = std::vector<PolicyRequirement>;

class TrustPolicy {
public:
    /// Throws Error with file and field: a policy that cannot be read as a whole accepts nothing.
    static TrustPolicy parse(const std::string& text, const std::string& file);
    /// `named` (--signature-policy) in place of the files above; that one must exist.
    static TrustPolicy load(const std::string& named = {});

    /// Why the image may not come in: a sentence that names file, scope and kind. nullopt: it may.
    std::optional<std::string> refusal(const ImageOrigin& origin) const;
    /// Throws it.
    void check(const ImageOrigin& origin) const;

    const std::string& file() const noexcept { return file_; } ///< empty where there is none
    const PolicyRequirements& fallback() const noexcept { return fallback_; } ///< "default"
    /// By transport and scope; the scope of a transport as a whole is empty.
    const std::map<std::string, std::map<std::string, PolicyRequirements>>& transports() const noexcept { return transports_; }

private:
    std::string file_;
    PolicyRequirements fallback_;
    std::map<std::string, std::map<std::string, PolicyRequirements>> transports_;
};

/// The user's file and the system's.
std::string user_policy_file();
inline constexpr const char* system_policy_file = "/etc/containers/policy.json";

/// Refusals by transport for the image worker, which only learns from the content which of them a file is: {"oci": "…"}.
nlohmann::json file_refusals(const TrustPolicy& policy, const std::string& path);

} // namespace lib
