// registries.conf, see lib/registry/registries_conf.h.
#include "lib/registry/registries_conf.h"

#include "base/error.h"
#include "base/files.h"

#include <toml.hpp>

#include <cstdlib>

namespace lib::registry {
namespace {

std::string env(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

template <class T>
T field(const toml::value& table, const char* name, T otherwise, const std::string& file) {
    if (!table.contains(name)) return otherwise;
    try {
        return toml::get<T>(table.at(name));
    } catch (const std::exception&) {
        throw Error(file, ": registry.", name, ": expected ", std::is_same_v<T, bool> ? "true or false" : "a string");
    }
}

RegistryRule parse_rule(const toml::value& table, const std::string& file) {
    if (!table.is_table()) throw Error(file, ": registry: expected [[registry]] tables");
    RegistryRule rule;
    rule.location = field<std::string>(table, "location", "", file);
    rule.prefix = field<std::string>(table, "prefix", rule.location, file);
    rule.insecure = field<bool>(table, "insecure", false, file);
    rule.blocked = field<bool>(table, "blocked", false, file);
    if (rule.prefix.empty()) throw Error(file, ": a [[registry]] needs a prefix or a location");
    if (rule.location.empty()) {
        if (rule.prefix.starts_with("*.") && !rule.blocked && !rule.insecure)
            throw Error(file, ": registry.location: missing for prefix ", rule.prefix);
        rule.location = rule.prefix;
    }
    return rule;
}

/// How many characters of "host/repository" the prefix covers; 0 where it does not match.
std::size_t matched_length(const std::string& prefix, const std::string& name) {
    if (prefix.starts_with("*.")) {
        const std::size_t host_end = name.find('/');
        const std::string host = name.substr(0, host_end);
        return host.ends_with(prefix.substr(1)) ? host.size() : 0;
    }
    if (!name.starts_with(prefix)) return 0;
    return name.size() == prefix.size() || name[prefix.size()] == '/' ? prefix.size() : 0;
}

const RegistryRule* find_rule(const std::vector<RegistryRule>& rules, const std::string& name) {
    const RegistryRule* best = nullptr;
    for (const RegistryRule& rule : rules)
        if (matched_length(rule.prefix, name) > 0 && (best == nullptr || rule.prefix.size() > best->prefix.size())) best = &rule;
    return best;
}

} // namespace

RegistriesConf RegistriesConf::parse(const std::string& text, const std::string& file) {
    RegistriesConf conf;
    try {
        std::istringstream stream(text);
        const toml::value document = toml::parse(stream, file);
        if (!document.contains("registry")) return conf;
        if (!document.at("registry").is_array()) throw Error(file, ": registry: expected [[registry]] tables");
        for (const toml::value& table : document.at("registry").as_array()) conf.rules_.push_back(parse_rule(table, file));
    } catch (const toml::exception& e) {
        const std::string message = e.what(); // several lines, the first says what is wrong
        throw Error(file, ": ", message.substr(0, message.find('\n')));
    }
    return conf;
}

RegistriesConf RegistriesConf::load() {
    const std::string config_home = env("XDG_CONFIG_HOME").starts_with('/') ? env("XDG_CONFIG_HOME") : env("HOME") + "/.config";
    for (const std::string& file : {config_home + "/containers/registries.conf", std::string("/etc/containers/registries.conf")})
        if (const auto text = files::find(file)) return parse(*text, file);
    return {};
}

Endpoint RegistriesConf::endpoint(const oci::Reference& reference) const {
    const std::string name = reference.name();
    const RegistryRule* rule = find_rule(rules_, name);
    if (rule == nullptr) return {oci::registry_host(reference), reference.repository, false};
    if (rule->blocked) throw Error("registry ", rule->prefix, " is blocked by registries.conf");
    if (rule->location == rule->prefix) return {oci::registry_host(reference), reference.repository, rule->insecure};
    // The rewritten name must be a name again: a location like "host/../x" must not reach a URL.
    const std::string rewritten = rule->location + name.substr(matched_length(rule->prefix, name));
    if (!oci::is_qualified(rewritten)) throw Error("registries.conf: location ", rule->location, " does not begin with a host");
    const oci::Reference target = oci::parse_reference(rewritten);
    return {oci::registry_host(target), target.repository, rule->insecure};
}

bool RegistriesConf::is_insecure(std::string_view host) const {
    const RegistryRule* rule = find_rule(rules_, std::string(host));
    return rule != nullptr && rule->insecure;
}

} // namespace lib::registry
