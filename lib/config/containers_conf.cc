// containers.conf(5), see lib/config/containers_conf.h. The home of toml11 for ctl itself.
#include "lib/config/containers_conf.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/config/conf_keys.h"
#include "lib/config/toml_error.h"

#include <toml.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace lib::config {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

[[noreturn]] void fail(const std::string& file, const toml::value& value, const std::string& what) {
    throw Error(file, " line ", line_of(value.location()), ": ", what);
}

const char* name_of(KeyType type) {
    switch (type) {
    case KeyType::flag: return "true or false";
    case KeyType::number: return "a whole number";
    case KeyType::text: return "a text in quotes";
    case KeyType::list: return "a list of texts";
    case KeyType::table: return "a table";
    }
    return "?";
}

bool has_type(const toml::value& value, KeyType type) {
    switch (type) {
    case KeyType::flag: return value.is_boolean();
    case KeyType::number: return value.is_integer();
    case KeyType::text: return value.is_string();
    case KeyType::list: return value.is_array();
    case KeyType::table: return true;
    }
    return false;
}

/// The texts of a list, and what {append=…} in it says.
struct List {
    std::vector<std::string> texts;
    std::optional<bool> append;
};

List read_list(const toml::value& value, const std::string& name, const std::string& file) {
    List list;
    for (const toml::value& entry : value.as_array()) {
        if (entry.is_string()) {
            list.texts.push_back(toml::get<std::string>(entry));
        } else if (entry.is_table() && entry.contains("append") && entry.as_table().size() == 1 && entry.at("append").is_boolean()) {
            list.append = entry.at("append").as_boolean();
        } else {
            fail(file, entry, cat(name, ": a list of texts is needed, with {append=true} at most beside them"));
        }
    }
    return list;
}

std::string warning_for(const std::string& name, const std::string& file, const ConfKey* key) {
    if (key == nullptr) return cat(file, ": ", name, ": there is no such key in containers.conf(5)");
    const std::string reason(key->note);
    if (key->status == KeyStatus::never) return cat(file, ": ", name, ": has no effect: ", reason);
    return cat(file, ": ", name, ": not supported yet", reason.empty() ? "" : cat(" (", reason, ")"));
}

/// Puts one file's values over those of the files before.
class FileReader {
public:
    FileReader(std::map<std::string, Setting>& settings, std::vector<std::string>& warnings, const std::string& file)
        : settings_(settings), warnings_(warnings), file_(file) {}

    void read(const toml::value& document) {
        for (const auto& [name, value] : document.as_table()) {
            if (!value.is_table()) fail(file_, value, cat(name, ": every key belongs to a table such as [containers]"));
            read_table(value, name);
        }
    }

private:
    void read_table(const toml::value& table, const std::string& name) {
        if (const ConfKey* key = find_conf_key(name); key != nullptr && key->status != KeyStatus::supported) { // one of the user's choice
            if (!table.as_table().empty()) warnings_.push_back(warning_for(std::string(key->name), file_, key));
            return;
        }
        for (const auto& [key, value] : table.as_table()) {
            const std::string whole = cat(name, ".", key);
            if (value.is_table()) read_table(value, whole);
            else read_value(value, whole);
        }
    }

    void read_value(const toml::value& value, const std::string& name) {
        const ConfKey* key = find_conf_key(name);
        if (key == nullptr || key->status != KeyStatus::supported) {
            warnings_.push_back(warning_for(name, file_, key));
            return;
        }
        const KeyType type = key->type == KeyType::table ? KeyType::list : key->type; // the tables that count are of lists
        if (!has_type(value, type)) fail(file_, value, cat(name, ": ", name_of(type), " is needed"));
        Setting& setting = settings_[name];
        setting.file = file_;
        if (type == KeyType::flag) setting.value = value.as_boolean();
        else if (type == KeyType::number) setting.value = static_cast<std::int64_t>(value.as_integer());
        else if (type == KeyType::text) setting.value = toml::get<std::string>(value);
        else put_list(setting, read_list(value, name, file_));
    }

    static void put_list(Setting& setting, List list) {
        setting.append = list.append.value_or(setting.append);
        auto* before = std::get_if<std::vector<std::string>>(&setting.value);
        if (before == nullptr || !setting.append) setting.value = std::move(list.texts);
        else before->insert(before->end(), list.texts.begin(), list.texts.end());
    }

    std::map<std::string, Setting>& settings_;
    std::vector<std::string>& warnings_;
    const std::string& file_;
};

std::vector<std::string> drop_ins(const std::string& dir) {
    std::vector<std::string> names = files::list(AT_FDCWD, dir);
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(".conf"); });
    std::ranges::sort(names);
    for (std::string& name : names) name = cat(dir, "/", name);
    return names;
}

std::string find_module(const ConfPlaces& places, const std::string& module) {
    if (module.starts_with('/')) return module;
    std::vector<std::string> dirs;
    if (!places.user_dir.empty()) dirs.push_back(places.user_dir);
    dirs.push_back(places.root + "/etc/containers");
    dirs.push_back(places.root + "/usr/share/containers");
    for (const std::string& dir : dirs) {
        const std::string file = cat(dir, "/containers.conf.modules/", module);
        if (sys::find_stat_at(AT_FDCWD, file)) return file;
    }
    throw Error("--module ", module, ": there is no such file in the directories containers.conf.modules of ", cat(dirs.front()),
                ", /etc/containers and /usr/share/containers");
}

} // namespace

ConfPlaces ConfPlaces::detect(std::vector<std::string> modules) {
    ConfPlaces places;
    const std::string config_home = variable("XDG_CONFIG_HOME");
    if (::geteuid() != 0) places.user_dir = (config_home.starts_with('/') ? config_home : variable("HOME") + "/.config") + "/containers";
    places.only = variable("CONTAINERS_CONF");
    places.last = variable("CONTAINERS_CONF_OVERRIDE");
    places.modules = std::move(modules);
    return places;
}

ContainersConf ContainersConf::load(const ConfPlaces& places) {
    ContainersConf conf;
    const auto add_if_there = [&](const std::string& file) {
        if (const auto text = files::find(file)) conf.add(*text, file);
    };
    // /dev/null is how to have no configuration at all, and no regular file.
    const auto add_named = [&](const std::string& file) {
        if (!file.empty() && file != "/dev/null") conf.add(files::read(file), file);
    };
    if (places.only.empty()) {
        add_if_there(places.root + "/usr/share/containers/containers.conf");
        add_if_there(places.root + "/etc/containers/containers.conf");
        for (const std::string& file : drop_ins(places.root + "/etc/containers/containers.conf.d")) add_if_there(file);
        if (!places.user_dir.empty()) {
            add_if_there(places.user_dir + "/containers.conf");
            for (const std::string& file : drop_ins(places.user_dir + "/containers.conf.d")) add_if_there(file);
        }
    } else {
        add_named(places.only);
    }
    for (const std::string& module : places.modules) add_named(find_module(places, module));
    add_named(places.last);
    return conf;
}

void ContainersConf::add(const std::string& text, const std::string& file) {
    FileReader reader(settings_, warnings_, file);
    try {
        std::istringstream stream(text);
        reader.read(toml::parse(stream, file));
    } catch (const toml::syntax_error& e) {
        throw Error(file, " line ", line_of_error(e), ": ", first_words(e.what()));
    } catch (const toml::exception& e) {
        throw Error(file, ": ", first_words(e.what()));
    }
    std::ranges::sort(warnings_);
    const auto repeated = std::ranges::unique(warnings_);
    warnings_.erase(repeated.begin(), repeated.end());
}

const Setting* ContainersConf::find(const std::string& key) const {
    const auto found = settings_.find(key);
    return found == settings_.end() ? nullptr : &found->second;
}

std::optional<bool> ContainersConf::flag(const std::string& key) const {
    const Setting* setting = find(key);
    return setting != nullptr ? std::optional(std::get<bool>(setting->value)) : std::nullopt;
}

std::optional<std::int64_t> ContainersConf::number(const std::string& key) const {
    const Setting* setting = find(key);
    return setting != nullptr ? std::optional(std::get<std::int64_t>(setting->value)) : std::nullopt;
}

std::string ContainersConf::text(const std::string& key) const {
    const Setting* setting = find(key);
    return setting != nullptr ? std::get<std::string>(setting->value) : "";
}

std::vector<std::string> ContainersConf::list(const std::string& key) const {
    const Setting* setting = find(key);
    return setting != nullptr ? std::get<std::vector<std::string>>(setting->value) : std::vector<std::string>();
}

std::map<std::string, std::vector<std::string>> ContainersConf::lists(const std::string& table) const {
    std::map<std::string, std::vector<std::string>> found;
    for (const auto& [key, setting] : settings_)
        if (key.starts_with(table + ".")) found[key.substr(table.size() + 1)] = std::get<std::vector<std::string>>(setting.value);
    return found;
}

std::vector<std::string> not_yet_told(const std::vector<std::string>& warnings, const std::string& runtime_dir) {
    if (warnings.empty()) return {};
    const std::string path = runtime_dir + "/containers-conf-told";
    try {
        std::vector<std::string> fresh = warnings;
        std::istringstream lines(files::find(path).value_or(""));
        for (std::string line; std::getline(lines, line);) std::erase(fresh, line);
        if (fresh.empty()) return fresh;
        sys::ensure_dir(runtime_dir, 0700);
        const UniqueFd file = sys::open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        for (const std::string& line : fresh) sys::write_all(file.get(), line + "\n", path);
        return fresh;
    } catch (const Error&) {
        return warnings; // better too often than not at all
    }
}

} // namespace lib::config
