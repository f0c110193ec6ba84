// registries.conf, version 2 (containers-registries.conf(5)): of each [[registry]] its prefix, location, insecure, blocked.
//
// The user's file, where there is one, replaces the system's. Mirrors and short-name tables have no effect here: a name
// without registry means docker.io (docs/architecture.md).
#pragma once

#include "base/oci/reference.h"

#include <string>
#include <string_view>
#include <vector>

namespace lib::registry {

struct RegistryRule {
    std::string prefix;    ///< "host[:port][/path]" or "*.host"
    std::string location;  ///< what the prefix is replaced by; equal to it where nothing is replaced
    bool insecure = false; ///< TLS without verification, or plain http
    bool blocked = false;
};

/// Where a name is pulled from.
struct Endpoint {
    std::string host;       ///< host[:port]
    std::string repository;
    bool insecure = false;  ///< by a rule; loopback needs none
};

class RegistriesConf {
public:
    /// `file` names the source in errors. Throws Error with the field for what is malformed.
    static RegistriesConf parse(const std::string& text, const std::string& file);
    /// $XDG_CONFIG_HOME (else ~/.config)/containers/registries.conf, else /etc/containers/registries.conf, else no rules.
    static RegistriesConf load();

    /// By the rule with the longest matching prefix. Throws Error when that blocks the registry.
    Endpoint endpoint(const oci::Reference& reference) const;
    /// Whether a rule marks this host[:port] as insecure.
    bool is_insecure(std::string_view host) const;

    const std::vector<RegistryRule>& rules() const noexcept { return rules_; }

private:
    std::vector<RegistryRule> rules_;
};

} // namespace lib::registry
