// registries.conf, see lib/config/registries_conf.h.
#include "lib/config/registries_conf.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/sys.h"

#include <toml.hpp>

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <sstream>

namespace lib::config {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

/// Typed access to one table of one file, which remembers the keys nobody asked for.
class Table {
public:
    Table(const toml::value& table, std::string where) : table_(table), where_(std::move(where)) {
        if (!table.is_table()) throw Error(where_, ": expected a table");
    }

    bool has(const char* key) const { return table_.contains(key); }
    std::string text(const char* key, std::string otherwise = {}) const { return get(key, std::move(otherwise), "a text in quotes"); }
    bool flag(const char* key) const { return get(key, false, "true or false"); }
    std::vector<std::string> list(const char* key) const { return get(key, std::vector<std::string>{}, "a list of texts"); }
    std::vector<Table> tables(const char* key) const {
        std::vector<Table> found;
        if (!has(key)) return found;
        if (!table_.at(key).is_array()) throw Error(at(key), ": expected [[", key, "]] tables");
        for (const toml::value& element : table_.at(key).as_array()) found.emplace_back(element, at(key));
        return found;
    }
    std::map<std::string, std::string> text_map(const char* key) const {
        return get(key, std::map<std::string, std::string>{}, "a table of texts");
    }
    /// A sentence for each key that is not among `known`.
    void warn_unknown(std::initializer_list<std::string_view> known, std::vector<std::string>& warnings) const {
        for (const auto& [key, value] : table_.as_table())
            if (std::find(known.begin(), known.end(), key) == known.end())
                warnings.push_back(cat(at(key), " is not supported and has no effect"));
    }
    std::string at(const std::string& key) const { return cat(where_, where_.ends_with(": ") ? "" : ".", key); }

private:
    template <class T>
    T get(const char* key, T otherwise, const char* expected) const {
        if (!has(key)) return otherwise;
        try {
            return toml::get<T>(table_.at(key));
        } catch (const std::exception&) {
            throw Error(at(key), ": expected ", expected);
        }
    }

    const toml::value& table_;
    std::string where_;
};

MirrorUse parse_use(const std::string& text, const std::string& where) {
    if (text.empty() || text == "all") return MirrorUse::all;
    if (text == "digest-only") return MirrorUse::digest_only;
    if (text == "tag-only") return MirrorUse::tag_only;
    throw Error(where, ": \"", oci::printable(text), "\" is not one of all, digest-only, tag-only");
}

RegistryMirror parse_mirror(const Table& table, bool digests_only, std::vector<std::string>& warnings) {
    table.warn_unknown({"location", "insecure", "pull-from-mirror"}, warnings);
    RegistryMirror mirror{table.text("location"), table.flag("insecure"), parse_use(table.text("pull-from-mirror"), table.at("pull-from-mirror"))};
    if (mirror.location.empty()) throw Error(table.at("location"), ": missing");
    if (digests_only) {
        if (table.has("pull-from-mirror")) throw Error(table.at("pull-from-mirror"), ": mirror-by-digest-only has been given for all mirrors");
        mirror.use = MirrorUse::digest_only;
    }
    return mirror;
}

RegistryRule parse_rule(const Table& table, std::vector<std::string>& warnings) {
    table.warn_unknown({"location", "prefix", "insecure", "blocked", "mirror", "mirror-by-digest-only"}, warnings);
    RegistryRule rule{table.text("prefix"), table.text("location"), table.flag("insecure"), table.flag("blocked"), {}};
    if (rule.prefix.empty()) rule.prefix = rule.location;
    if (rule.prefix.empty()) throw Error(table.at("prefix"), ": a [[registry]] needs a prefix or a location");
    for (const Table& mirror : table.tables("mirror")) rule.mirrors.push_back(parse_mirror(mirror, table.flag("mirror-by-digest-only"), warnings));
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
    try {
        std::istringstream stream(text);
        const toml::value document = toml::parse(stream, file);
        const Table table(document, file + ": ");
        if (table.has("registries"))
            throw Error(file, ": registries: version 1 of the format is not supported; write unqualified-search-registries and [[registry]] tables");
        table.warn_unknown({"registry", "unqualified-search-registries", "short-name-mode", "aliases", "credential-helpers"}, warnings_);
        if (table.has("unqualified-search-registries")) search_ = table.list("unqualified-search-registries");
        if (table.has("credential-helpers")) helpers_ = table.list("credential-helpers");
        if (table.has("short-name-mode")) mode_ = parse_mode(table.text("short-name-mode"), table.at("short-name-mode"));
        for (const auto& [name, meaning] : table.text_map("aliases")) aliases_[name] = meaning;
        for (const Table& entry : table.tables("registry")) {
            RegistryRule rule = parse_rule(entry, warnings_);
            std::erase_if(rules_, [&](const RegistryRule& other) { return other.prefix == rule.prefix; });
            rules_.push_back(std::move(rule));
        }
    } catch (const toml::exception& e) {
        const std::string message = e.what(); // several lines, the first says what is wrong
        throw Error(file, ": ", message.substr(0, message.find('\n')));
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
