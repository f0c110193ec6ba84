// registries.conf, see lib/config/registries_conf.h.
#include "lib/config/registries_conf.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/sys.h"
#include "lib/config/toml_table.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>

namespace lib::config {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// A sentence for each key that is not among `known`.
void warn_unknown(const TomlTable& table, std::initializer_list<std::string_view> known, std::vector<std::string>& warnings) {
    for (const std::string& place : table.unknown(known)) warnings.push_back(cat(place, " is not supported and has no effect"));
}

MirrorUse parse_use(const std::string& text, const std::string& where) {
    if (text.empty() || text == "all") return MirrorUse::all;
    if (text == "digest-only") return MirrorUse::digest_only;
    if (text == "tag-only") return MirrorUse::tag_only;
    throw Error(where, ": \"", oci::printable(text), "\" is not one of all, digest-only, tag-only");
}

RegistryMirror parse_mirror(const TomlTable& table, bool digests_only, std::vector<std::string>& warnings) {
    warn_unknown(table, {"location", "insecure", "pull-from-mirror"}, warnings);
    RegistryMirror mirror{table.text("location"), table.flag("insecure"), parse_use(table.text("pull-from-mirror"), table.at("pull-from-mirror"))};
    if (mirror.location.empty()) throw Error(table.at("location"), ": missing");
    if (digests_only) {
        if (table.has("pull-from-mirror")) throw Error(table.at("pull-from-mirror"), ": mirror-by-digest-only has been given for all mirrors");
        mirror.use = MirrorUse::digest_only;
    }
    return mirror;
}

RegistryRule parse_rule(const TomlTable& table, std::vector<std::string>& warnings) {
    warn_unknown(table, {"location", "prefix", "insecure", "blocked", "mirror", "mirror-by-digest-only"}, warnings);
    RegistryRule rule{table.text("prefix"), table.text("location"), table.flag("insecure"), table.flag("blocked"), {}};
    if (rule.prefix.empty()) rule.prefix = rule.location;
    if (rule.prefix.empty()) throw Error(table.at("prefix"), ": a [[registry]] needs a prefix or a location");
    for (const TomlTable& mirror : table.tables("mirror")) rule.mirrors.push_back(parse_mirror(mirror, table.flag("mirror-by-digest-only"), warnings));
    if (rule.location.starts_with("*.")) throw Error(table.at("location"), ": a wildcard is for the prefix");
    if (rule.location.empty()) rule.location = rule.prefix;
    return rule;
}

ShortNameMode parse_mode(const std::string& text, const std::string& where) {
    if (text == "enforcing") return ShortNameMode::enforcing;
    if (text == "permissive") return ShortNameMode::permissive;
    if (text == "disabled") return ShortNameMode::disabled;
    throw Error(where, ": \"", oci::printable(text), "\" is not one of enforcing, permissive, disabled");
}

/// How many characters of "host/repository" the prefix covers; 0 where it does not match.
std::size_t matched_length(const std::string& prefix, const std::string& name) {
    if (prefix.starts_with("*.")) {
        const std::string host = name.substr(0, name.find('/'));
        return host.ends_with(prefix.substr(1)) ? host.size() : 0;
    }
    if (!name.starts_with(prefix)) return 0;
    return name.size() == prefix.size() || name[prefix.size()] == '/' ? prefix.size() : 0;
}

RegistrySource source_of(const oci::Reference& reference, bool insecure) {
    return {reference.registry, oci::registry_host(reference), reference.repository, insecure};
}

/// The name with the matched part of it replaced. It must be a name again: a location like "host/../x" must not reach a URL.
RegistrySource rewritten(const oci::Reference& reference, const RegistryRule& rule, const std::string& location, bool insecure) {
    if (location == rule.prefix) return source_of(reference, insecure);
    const std::string name = reference.name();
    const std::string text = location + name.substr(matched_length(rule.prefix, name));
    if (!oci::is_qualified(text)) throw Error("registries.conf: location ", location, " does not begin with a host");
    return source_of(oci::parse_reference(text), insecure);
}

/// The sorted names of a drop-in directory, with their path.
std::vector<std::string> drop_ins(const std::string& dir) {
    std::vector<std::string> paths;
    for (const std::string& name : files::list(AT_FDCWD, dir))
        if (name.ends_with(".conf")) paths.push_back(cat(dir, "/", name));
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// "user/app" of "user/app:1@sha256:…": what aliases are filed under.
std::string without_tag(const std::string& typed) {
    const std::string name = typed.substr(0, typed.find('@'));
    const auto colon = name.rfind(':');
    return colon == std::string::npos || name.find('/', colon) != std::string::npos ? name : name.substr(0, colon);
}

std::string chosen_aliases_file() {
    const std::string cache = variable("XDG_CACHE_HOME");
    return (cache.starts_with('/') ? cache : variable("HOME") + "/.cache") + "/containers/short-name-aliases.conf";
}

} // namespace

void RegistriesConf::add(const std::string& text, const std::string& file) {
    const TomlTable table = TomlTable::parse(text, file);
    if (table.has("registries"))
        throw Error(file, ": registries: version 1 of the format is not supported; write unqualified-search-registries and [[registry]] tables");
    warn_unknown(table, {"registry", "unqualified-search-registries", "short-name-mode", "aliases", "credential-helpers"}, warnings_);
    if (table.has("unqualified-search-registries")) search_ = table.list("unqualified-search-registries");
    if (table.has("credential-helpers")) helpers_ = table.list("credential-helpers");
    if (table.has("short-name-mode")) mode_ = parse_mode(table.text("short-name-mode"), table.at("short-name-mode"));
    for (const auto& [name, meaning] : table.text_map("aliases")) aliases_[name] = meaning;
    for (const TomlTable& entry : table.tables("registry")) {
        RegistryRule rule = parse_rule(entry, warnings_);
        std::erase_if(rules_, [&](const RegistryRule& other) { return other.prefix == rule.prefix; });
        rules_.push_back(std::move(rule));
    }
}

RegistriesConf RegistriesConf::load() {
    RegistriesConf conf;
    if (const std::string only = variable("CONTAINERS_REGISTRIES_CONF"); !only.empty()) {
        conf.add(files::read(only), only);
        return conf;
    }
    const std::string config = variable("XDG_CONFIG_HOME");
    const std::string user = (config.starts_with('/') ? config : variable("HOME") + "/.config") + "/containers/registries.conf";
    const std::string system = "/etc/containers/registries.conf";
    for (const std::string& file : {user, system})
        if (const auto text = files::find(file)) {
            conf.add(*text, file);
            break;
        }
    for (const std::string& main : {system, user})
        for (const std::string& file : drop_ins(main + ".d"))
            if (const auto text = files::find(file)) conf.add(*text, file);
    if (const auto text = files::find(chosen_aliases_file())) conf.add(*text, chosen_aliases_file());
    return conf;
}

void RegistriesConf::remember_alias(const std::string& typed, const oci::Reference& meaning) {
    const std::string file = chosen_aliases_file(), name = without_tag(typed);
    try {
        sys::ensure_dir(file.substr(0, file.rfind('/')), 0700);
        const FileLock lock = FileLock::acquire(AT_FDCWD, file + ".lock", FileLock::Mode::exclusive);
        std::string text = files::find(file).value_or("[aliases]\n");
        RegistriesConf before;
        before.add(text, file);
        if (before.aliases_.contains(name)) return;
        if (!text.ends_with('\n')) text += '\n';
        text += cat("  \"", name, "\" = \"", meaning.name(), "\"\n"); // names and repositories hold nothing that TOML escapes
        files::write_atomic(AT_FDCWD, file, text, 0600, files::Durability::none);
    } catch (const Error&) {
        return; // the question will be asked again
    }
}

const RegistryRule* RegistriesConf::find_rule(const std::string& name) const {
    const RegistryRule* best = nullptr;
    for (const RegistryRule& rule : rules_)
        if (matched_length(rule.prefix, name) > 0 && (best == nullptr || rule.prefix.size() > best->prefix.size())) best = &rule;
    return best;
}

RegistrySource RegistriesConf::target(const oci::Reference& reference) const {
    const RegistryRule* rule = find_rule(reference.name());
    if (rule == nullptr) return source_of(reference, false);
    if (rule->blocked) throw Error("registry ", rule->prefix, " is blocked by registries.conf");
    return rewritten(reference, *rule, rule->location, rule->insecure);
}

std::vector<RegistrySource> RegistriesConf::sources(const oci::Reference& reference) const {
    RegistrySource itself = target(reference);
    std::vector<RegistrySource> list;
    if (const RegistryRule* rule = find_rule(reference.name()); rule != nullptr)
        for (const RegistryMirror& mirror : rule->mirrors) {
            const MirrorUse unwanted = reference.digest ? MirrorUse::tag_only : MirrorUse::digest_only;
            if (mirror.use != unwanted) list.push_back(rewritten(reference, *rule, mirror.location, mirror.insecure));
        }
    list.push_back(std::move(itself));
    return list;
}

std::vector<std::string> RegistriesConf::insecure_hosts() const {
    std::vector<std::string> hosts;
    const auto add = [&](const std::string& place) {
        if (place.find('/') == std::string::npos) hosts.push_back(place);
    };
    for (const RegistryRule& rule : rules_) {
        if (rule.insecure) add(rule.prefix);
        if (rule.insecure && rule.location != rule.prefix) add(rule.location);
        for (const RegistryMirror& mirror : rule.mirrors)
            if (mirror.insecure) add(mirror.location);
    }
    return hosts;
}

std::vector<std::string> RegistriesConf::search_registries() const {
    return search_.value_or(std::vector<std::string>{"docker.io"});
}

std::vector<oci::Reference> RegistriesConf::candidates(const std::string& typed) const {
    const oci::Reference plain = oci::parse_reference(typed);
    if (oci::is_qualified(typed)) return {plain};
    const std::string name = without_tag(typed), rest = typed.substr(name.size());
    if (const auto alias = aliases_.find(name); alias != aliases_.end() && !alias->second.empty()) {
        if (!oci::is_qualified(alias->second)) throw Error("registries.conf: aliases: ", name, " = \"", oci::printable(alias->second), "\" names no registry");
        return {oci::parse_reference(alias->second + rest)};
    }
    std::vector<oci::Reference> list;
    for (const std::string& registry : search_registries()) list.push_back(oci::parse_reference(cat(registry, "/", typed)));
    if (list.empty())
        throw Error("\"", oci::printable(typed), "\" names no registry, there is no alias for it, and unqualified-search-registries in "
                    "registries.conf is empty: name the registry, as in docker.io/", oci::printable(typed));
    return list;
}

} // namespace lib::config
