// See lib/config/storage_conf.h.
#include "lib/config/storage_conf.h"

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "lib/config/toml_table.h"
#include "lib/storage_driver.h"

#include <unistd.h>

#include <cstdlib>

namespace lib::config {
namespace {

constexpr const char* file_variable = "CTL_STORAGE_CONF";

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

void refuse_unknown(const TomlTable& table, std::initializer_list<std::string_view> known) {
    const std::vector<std::string> unknown = table.unknown(known);
    if (unknown.empty()) return;
    std::string names;
    for (const std::string_view name : known) names += cat(names.empty() ? "" : ", ", name);
    throw Error(unknown.front(), ": not supported here; there are ", names);
}

std::string expanded(const std::string& text, const ExpandName& expand, const std::string& where) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '$') {
            result += text[at++];
            continue;
        }
        std::size_t end = ++at;
        while (end < text.size() && text[end] >= 'A' && text[end] <= 'Z') ++end;
        const auto value = expand(text.substr(at, end - at));
        if (!value) throw Error(where, ": $", text.substr(at, end - at), " is not set, or not one of $HOME, $USER and $UID");
        result += *value;
        at = end;
    }
    if (!result.starts_with('/')) throw Error(where, ": \"", result, "\" is no absolute path");
    return result;
}

std::optional<std::string> expand_own(const std::string& name) {
    if (name == "UID") return std::to_string(::geteuid());
    return name == "HOME" || name == "USER" ? variable(name.c_str()) : std::nullopt;
}

} // namespace

std::string find_storage_conf() {
    if (const auto only = variable(file_variable)) return *only;
    const auto config = variable("XDG_CONFIG_HOME"), home = variable("HOME");
    std::vector<std::string> dirs{"/etc"};
    if (config && config->starts_with('/')) dirs.insert(dirs.begin(), *config);
    else if (home) dirs.insert(dirs.begin(), *home + "/.config");
    for (const std::string& dir : dirs)
        if (std::string file = dir + "/ctl/storage.conf"; ::access(file.c_str(), F_OK) == 0) return file;
    return {};
}

std::map<std::string, std::string> parse_storage_conf(const std::string& text, const std::string& file, ConfUser user, const ExpandName& expand) {
    std::map<std::string, std::string> variables;
    const TomlTable top = TomlTable::parse(text, file);
    refuse_unknown(top, {"storage"});
    const auto storage = top.table("storage");
    if (!storage) return variables;
    refuse_unknown(*storage, {"driver", "graphroot", "rootless_storage_path", "runroot", "imagestore", "transient_store", "options"});
    if (storage->has("driver")) variables[storage_driver_variable] = storage->text("driver");
    const bool own_root = user == ConfUser::ordinary && storage->has("rootless_storage_path");
    for (const auto& [key, name] : {std::pair(own_root ? "rootless_storage_path" : "graphroot", root_variable),
                                    {"runroot", runroot_variable}, {"imagestore", imagestore_variable}})
        if (storage->has(key)) variables[name] = expanded(storage->text(key), expand, storage->at(key));
    if (storage->flag("transient_store")) variables[transient_variable] = "1";
    const auto options = storage->table("options");
    if (!options) return variables;
    refuse_unknown(*options, {"additionalimagestores"});
    std::string stores;
    for (const std::string& store : options->list("additionalimagestores"))
        stores += cat(stores.empty() ? "" : ":", expanded(store, expand, options->at("additionalimagestores")));
    if (!stores.empty()) variables[image_stores_variable] = stores;
    return variables;
}

void apply_storage_conf() {
    const std::string file = find_storage_conf();
    if (file.empty()) return;
    const ConfUser user = ::geteuid() == 0 ? ConfUser::root : ConfUser::ordinary;
    for (const auto& [name, value] : parse_storage_conf(files::read(file), file, user, expand_own)) ::setenv(name.c_str(), value.c_str(), 0);
}

} // namespace lib::config
