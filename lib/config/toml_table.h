// A table of a TOML file, for the files that are read key by key. Private to lib/config/.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lib::config {

/// What a key's value is not, throws Error "FILE: table.key: expected …".
class TomlTable {
public:
    /// The file's whole text. Throws Error naming the file for what is no TOML.
    static TomlTable parse(const std::string& text, const std::string& file);

    bool has(const char* key) const;
    std::string text(const char* key) const;              ///< empty where there is none
    bool flag(const char* key) const;                     ///< false where there is none
    std::vector<std::string> list(const char* key) const; ///< empty where there is none
    std::map<std::string, std::string> text_map(const char* key) const;
    std::optional<TomlTable> table(const char* key) const;
    std::vector<TomlTable> tables(const char* key) const; ///< [[key]]
    /// The keys that are not among `known`, with their place.
    std::vector<std::string> unknown(std::initializer_list<std::string_view> known) const;
    /// A key with its file and table, as errors begin.
    std::string at(const std::string& key) const;

private:
    struct Value;
    TomlTable(std::shared_ptr<const Value> value, std::string where);
    template <class T>
    T get(const char* key, const char* expected) const;

    std::shared_ptr<const Value> value_;
    std::string where_;
};

} // namespace lib::config
