// See lib/config/toml_table.h.
#include "lib/config/toml_table.h"

#include "base/error.h"
#include "lib/config/toml_error.h"

#include <toml.hpp>

#include <algorithm>
#include <sstream>
#include <utility>

namespace lib::config {

struct TomlTable::Value {
    toml::value toml;
};

TomlTable::TomlTable(std::shared_ptr<const Value> value, std::string where) : value_(std::move(value)), where_(std::move(where)) {
    if (!value_->toml.is_table()) throw Error(where_, ": expected a table");
}

TomlTable TomlTable::parse(const std::string& text, const std::string& file) {
    try {
        std::istringstream stream(text);
        return {std::make_shared<const Value>(Value{toml::parse(stream, file)}), file + ": "};
    } catch (const toml::syntax_error& e) {
        throw Error(file, " line ", line_of_error(e), ": ", first_words(e.what()));
    } catch (const toml::exception& e) {
        throw Error(file, ": ", first_words(e.what()));
    }
}

template <class T>
T TomlTable::get(const char* key, const char* expected) const {
    if (!has(key)) return {};
    try {
        return toml::get<T>(value_->toml.at(key));
    } catch (const std::exception&) {
        throw Error(at(key), ": expected ", expected);
    }
}

bool TomlTable::has(const char* key) const { return value_->toml.contains(key); }

std::string TomlTable::text(const char* key) const { return get<std::string>(key, "a text in quotes"); }

bool TomlTable::flag(const char* key) const { return get<bool>(key, "true or false"); }

std::vector<std::string> TomlTable::list(const char* key) const { return get<std::vector<std::string>>(key, "a list of texts"); }

std::map<std::string, std::string> TomlTable::text_map(const char* key) const {
    return get<std::map<std::string, std::string>>(key, "a table of texts");
}

std::optional<TomlTable> TomlTable::table(const char* key) const {
    if (!has(key)) return std::nullopt;
    return TomlTable(std::make_shared<const Value>(Value{value_->toml.at(key)}), at(key));
}

std::vector<TomlTable> TomlTable::tables(const char* key) const {
    std::vector<TomlTable> found;
    if (!has(key)) return found;
    const toml::value& value = value_->toml.at(key);
    if (!value.is_array()) throw Error(at(key), ": expected [[", key, "]] tables");
    for (const toml::value& element : value.as_array()) found.push_back(TomlTable(std::make_shared<const Value>(Value{element}), at(key)));
    return found;
}

std::vector<std::string> TomlTable::unknown(std::initializer_list<std::string_view> known) const {
    std::vector<std::string> found;
    for (const auto& [key, value] : value_->toml.as_table())
        if (std::find(known.begin(), known.end(), key) == known.end()) found.push_back(at(key));
    return found;
}

std::string TomlTable::at(const std::string& key) const { return cat(where_, where_.ends_with(": ") ? "" : ".", key); }

} // namespace lib::config
