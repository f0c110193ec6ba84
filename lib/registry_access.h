// From the options and files of a command to what the image worker needs to talk to registries: places, credentials,
// certificates, patience. The worker reads no configuration itself and finds no password that it does not need.
#pragma once

#include "lib/config/registries_conf.h"
#include "lib/credentials.h"
#include "lib/engine.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// The options that all commands about registries have.
struct RegistryOptions {
    std::string authfile;
    std::string creds;                               ///< USER[:PASSWORD]
    bool no_creds = false;                           ///< as nobody, whatever the files say
    std::string cert_dir;
    std::optional<bool> tls_verify;                  ///< empty: as registries.conf says, loopback in the clear allowed
    std::string signature_policy;                    ///< --signature-policy, for what is pulled
    std::optional<unsigned> retry;                   ///< attempts after the first; default 3
    std::optional<std::chrono::milliseconds> retry_delay;
};

class RegistryAccess {
public:
    /// Reads registries.conf; what has no effect in it is told once.
    RegistryAccess(const Engine& engine, RegistryOptions options, const Notice& notice);

    const config::RegistriesConf& conf() const noexcept { return conf_; }
    const RegistryOptions& options() const noexcept { return options_; }
    CredentialFiles credential_files(CredentialFiles::Named named) const;
    /// Where pulls of the name go, mirrors first; where it is pushed to; for the worker, with credentials.
    nlohmann::json sources(const oci::Reference& reference) const;
    nlohmann::json target(const oci::Reference& reference) const;
    /// A registry as a whole: {"host", "repository": "", …}. `credentials`: in place of those of files.
    nlohmann::json registry(const std::string& registry, const std::optional<Credentials>& credentials = {}) const;
    /// The rest: {"insecure_hosts", "cert_dir", …}.
    nlohmann::json access() const;

private:
    nlohmann::json endpoint(const config::RegistrySource& source, const std::optional<Credentials>& credentials) const;
    std::optional<Credentials> find_credentials(const config::RegistrySource& source) const;

    RegistryOptions options_;
    config::RegistriesConf conf_;
    std::optional<CredentialFiles> files_;
};

} // namespace lib
