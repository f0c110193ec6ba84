// See lib/registry_access.h.
#include "lib/registry_access.h"

#include "base/error.h"
#include "lib/config/containers_conf.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>

namespace lib {
namespace {

using nlohmann::json;

constexpr unsigned default_retry = 3;

std::vector<std::string> certificate_places() {
    const char* config = std::getenv("XDG_CONFIG_HOME");
    const char* home = std::getenv("HOME");
    std::vector<std::string> places{"/etc/containers/certs.d", "/etc/docker/certs.d"};
    if (config != nullptr && *config == '/') places.insert(places.begin(), cat(config, "/containers/certs.d"));
    else if (home != nullptr) places.insert(places.begin(), cat(home, "/.config/containers/certs.d"));
    return places;
}

} // namespace

RegistryAccess::RegistryAccess(const Engine& engine, RegistryOptions options, const Notice& notice)
    : options_(std::move(options)), conf_(config::RegistriesConf::load()) {
    if (!conf_.warnings().empty() && notice)
        for (const std::string& warning : config::not_yet_told(conf_.warnings(), engine.paths.runtime)) notice(warning);
    if (!options_.cert_dir.empty()) options_.cert_dir = std::filesystem::absolute(options_.cert_dir).string();
}

CredentialFiles RegistryAccess::credential_files(CredentialFiles::Named named) const {
    return CredentialFiles(options_.authfile, conf_.credential_helpers(), named);
}

std::optional<Credentials> RegistryAccess::find_credentials(const config::RegistrySource& source) const {
    if (options_.no_creds) return std::nullopt;
    if (!options_.creds.empty()) return parse_creds(options_.creds);
    const std::string key = source.repository.empty() ? source.registry : cat(source.registry, "/", source.repository);
    return credential_files(CredentialFiles::Named::must_exist).find(key);
}

json RegistryAccess::endpoint(const config::RegistrySource& source, const std::optional<Credentials>& credentials) const {
    json document{{"registry", source.registry},
                  {"host", source.host},
                  {"repository", source.repository},
                  {"insecure", options_.tls_verify ? !*options_.tls_verify : source.insecure}};
    if (!credentials) return document;
    document["username"] = credentials->username;
    document["password"] = credentials->password;
    document["identity_token"] = credentials->identity_token;
    document["registry_token"] = credentials->registry_token;
    return document;
}

json RegistryAccess::sources(const oci::Reference& reference) const {
    json list = json::array();
    const std::vector<config::RegistrySource> all = conf_.sources(reference);
    for (const config::RegistrySource& source : all) // --creds are for the registry, not for its mirrors
        list.push_back(endpoint(source, &source == &all.back() || options_.creds.empty() ? find_credentials(source) : std::nullopt));
    return list;
}

json RegistryAccess::target(const oci::Reference& reference) const {
    const config::RegistrySource source = conf_.target(reference);
    return endpoint(source, find_credentials(source));
}

json RegistryAccess::registry(const std::string& registry, const std::optional<Credentials>& credentials) const {
    config::RegistrySource source = conf_.target(oci::parse_reference(cat(registry, "/x/x")));
    source.repository.clear();
    return endpoint(source, credentials ? credentials : find_credentials(source));
}

json RegistryAccess::access() const {
    const bool by_rules = !options_.tls_verify.has_value();
    json document{{"insecure_hosts", by_rules ? conf_.insecure_hosts() : std::vector<std::string>{}},
                  {"clear_on_loopback", by_rules || !*options_.tls_verify},
                  {"cert_dir", options_.cert_dir},
                  {"cert_places", certificate_places()},
                  {"attempts", options_.retry.value_or(default_retry) + 1}};
    if (options_.retry_delay) document["delay_ms"] = options_.retry_delay->count();
    return document;
}

} // namespace lib
