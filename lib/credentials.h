// Who the user is to which registry: auth.json (containers-auth.json(5)), Docker's config.json, credential helpers.
//
// Read in this order, the first that knows the registry wins:
//     --authfile or $REGISTRY_AUTH_FILE, and then nothing else; otherwise
//     ${XDG_RUNTIME_DIR}/containers/auth.json, $XDG_CONFIG_HOME (~/.config)/containers/auth.json,
//     $DOCKER_CONFIG (~/.docker)/config.json
// and in a file: the helper that credHelpers names for the registry, then "auths" by key, the most specific first
// (registry/namespace/repository, registry/namespace, registry), then the helper that credsStore names.
//
// Only ctl reads them, as the user; the image worker is handed what it needs for the registries it talks to. Secrets are in
// no error message. Files are written by rename, 0600, under a lock beside them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lib {

struct Credentials {
    std::string username;
    std::string password;
    std::string identity_token{}; ///< in place of a password: token servers take it for tokens (OAuth 2's refresh token)
    std::string registry_token{}; ///< such a token itself, for the registry
};

/// "USER[:PASSWORD]" of --creds.
Credentials parse_creds(const std::string& text);

class CredentialFiles {
public:
    /// `authfile`: of the option, empty where it was not given. `helpers`: of registries.conf. Throws Error when a file that
    /// was named is not there and `must_exist`.
    enum class Named { must_exist, may_be_new };
    CredentialFiles(const std::string& authfile, std::vector<std::string> helpers, Named named);
    /// --compat-auth-file: one file in Docker's format.
    static CredentialFiles docker_file(const std::string& path);

    /// For "registry[/namespace…]". Throws Error for a file that cannot be understood.
    std::optional<Credentials> find(const std::string& key) const;
    /// Where login writes.
    const std::string& written_file() const noexcept { return written_; }
    /// Into the written file, or the helper that it names for the registry. Returns the file's path or the helper's name.
    std::string store(const std::string& key, const Credentials& credentials) const;
    /// From the written file and its helper; false when they have none.
    bool erase(const std::string& key) const;
    void erase_all() const;

private:
    CredentialFiles() = default;
    std::string file_key(const std::string& key) const;

    std::vector<std::string> files_;
    std::vector<std::string> helpers_;
    std::string written_;
    bool docker_format_ = false;
};

/// "reg.example/ns/repo", "reg.example/ns", "reg.example". Throws Error for what cannot be such a key ("https://…" loses its
/// scheme and path, as every tool does).
std::vector<std::string> credential_keys(const std::string& key);
/// What login and logout are given: REGISTRY[/NAMESPACE…], without scheme. Throws Error.
std::string parse_registry_key(const std::string& typed);

} // namespace lib
