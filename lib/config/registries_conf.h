// registries.conf, version 2 (containers-registries.conf(5)): where names lead, and what a name without registry means.
//
// Files, each of which replaces what an earlier one said about the same key, prefix or alias:
//     $XDG_CONFIG_HOME (else ~/.config)/containers/registries.conf, or where there is none /etc/containers/registries.conf;
//     /etc/containers/registries.conf.d/*.conf; registries.conf.d/*.conf in the user's directory;
//     $XDG_CACHE_HOME (else ~/.cache)/containers/short-name-aliases.conf: choices at the prompt, Podman's too
// $CONTAINERS_REGISTRIES_CONF is read in place of all of them. Where there is no file nothing is parsed.
#pragma once

#include "base/oci/reference.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib::config {

/// Which pulls a mirror is asked for: a name with a digest cannot be answered with something else.
enum class MirrorUse { all, digest_only, tag_only };

struct RegistryMirror {
    std::string location;
    bool insecure = false;
    MirrorUse use = MirrorUse::all;
};

struct RegistryRule {
    std::string prefix;    ///< "host[:port][/path]" or "*.host"
    std::string location;  ///< what the prefix is replaced by; equal to it where nothing is replaced
    bool insecure = false; ///< TLS without verification, or plain http
    bool blocked = false;
    std::vector<RegistryMirror> mirrors; ///< asked before, in this order
};

/// One place a repository is fetched from or sent to.
struct RegistrySource {
    std::string registry;   ///< as names have it, "docker.io": what credentials are filed under
    std::string host;       ///< host[:port] that is spoken to
    std::string repository;
    bool insecure = false;  ///< by a rule; loopback needs none
};

/// What happens when a name without registry could mean several.
enum class ShortNameMode { enforcing, permissive, disabled };

class RegistriesConf {
public:
    /// Adds one file's text. Throws Error with file and field for what is malformed.
    void add(const std::string& text, const std::string& file);
    /// The files above.
    static RegistriesConf load();

    /// Mirrors first, the registry itself last. Throws Error when a rule blocks it.
    std::vector<RegistrySource> sources(const oci::Reference& reference) const;
    /// The registry itself, for what is written. Throws Error when a rule blocks it.
    RegistrySource target(const oci::Reference& reference) const;
    /// Remembers in the last of the files above what a name without registry has been said to mean. A file that cannot be
    /// written is none.
    static void remember_alias(const std::string& typed, const oci::Reference& meaning);
    /// Hosts that rules mark as insecure as a whole: "host[:port]" and "*.host".
    std::vector<std::string> insecure_hosts() const;

    /// What the typed name can mean, best first: itself where it names its registry, what an alias says, otherwise one for
    /// each search registry (docker.io where none is configured). Throws Error for what is no name.
    std::vector<oci::Reference> candidates(const std::string& typed) const;

    ShortNameMode short_name_mode() const noexcept { return mode_; }
    /// unqualified-search-registries; docker.io alone where no file has it.
    std::vector<std::string> search_registries() const;
    /// credential-helpers: names of docker-credential-NAME, or "containers-auth.json" for the files.
    const std::vector<std::string>& credential_helpers() const noexcept { return helpers_; }
    const std::vector<RegistryRule>& rules() const noexcept { return rules_; }
    /// A sentence for each key that has no effect.
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    const RegistryRule* find_rule(const std::string& name) const;

    std::vector<RegistryRule> rules_; ///< one for each prefix
    std::map<std::string, std::string> aliases_;
    std::optional<std::vector<std::string>> search_;
    std::vector<std::string> helpers_{"containers-auth.json"};
    ShortNameMode mode_ = ShortNameMode::enforcing;
    std::vector<std::string> warnings_;
};

} // namespace lib::config
