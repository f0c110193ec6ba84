// Typed access to the members of a JSON object, for the .cc files of base/oci and the other homes of nlohmann/json.
//
// null counts as absent (Go writes it for empty members); a member of another type is an Error naming the field, as in
// "image config: config.Env: expected a list of strings, found a number".
#pragma once

#include "base/error.h"
#include "base/oci/digest.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oci {

class Fields {
public:
    using json = nlohmann::json;

    /// `object` must live as long as this and be a JSON object; `where` is the prefix of errors: "manifest", "index: manifests[2]".
    Fields(const json& object, std::string where) : object_(object), where_(std::move(where)) {
        if (!object.is_object()) throw Error(where_, ": expected an object, found ", kind(object));
    }

    /// The member, nullptr when absent or null.
    const json* find(const char* name) const {
        const auto it = object_.find(name);
        return it == object_.end() || it->is_null() ? nullptr : &*it;
    }
    bool has(const char* name) const { return find(name) != nullptr; }

    /// An absent string is empty.
    std::string text(const char* name) const {
        const json* value = find(name);
        if (value == nullptr) return {};
        if (!value->is_string()) fail(name, "a string", *value);
        return value->get<std::string>();
    }
    std::string required_text(const char* name) const {
        std::string value = text(name);
        if (value.empty()) throw Error(at(name), ": missing");
        return value;
    }
    Digest digest(const char* name) const {
        const auto value = Digest::find(required_text(name));
        if (!value) throw Error(at(name), ": not a sha256 digest: \"", printable(text(name)), "\"");
        return *value;
    }
    std::optional<std::uint64_t> number(const char* name, std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
        const json* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->is_number_unsigned()) fail(name, "a whole number from 0", *value);
        if (value->get<std::uint64_t>() > most) throw Error(at(name), ": ", value->get<std::uint64_t>(), " is more than ", most);
        return value->get<std::uint64_t>();
    }
    bool flag(const char* name) const {
        const json* value = find(name);
        if (value == nullptr) return false;
        if (!value->is_boolean()) fail(name, "true or false", *value);
        return value->get<bool>();
    }
    /// nullopt when absent: in an image config an absent list and an empty one can differ.
    std::optional<std::vector<std::string>> texts(const char* name) const {
        const json* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (!value->is_array()) fail(name, "a list of strings", *value);
        std::vector<std::string> list;
        for (const json& element : *value) {
            if (!element.is_string()) fail(name, "a list of strings", element);
            list.push_back(element.get<std::string>());
        }
        return list;
    }
    std::map<std::string, std::string> text_map(const char* name) const {
        std::map<std::string, std::string> map;
        const json* value = find(name);
        if (value == nullptr) return map;
        if (!value->is_object()) fail(name, "an object of strings", *value);
        for (const auto& [key, element] : value->items()) {
            if (!element.is_string()) fail(name, "an object of strings", element);
            map.emplace(key, element.get<std::string>());
        }
        return map;
    }
    /// The keys of an object used as a set, as in {"80/tcp": {}}.
    std::vector<std::string> keys(const char* name) const {
        std::vector<std::string> list;
        const json* value = find(name);
        if (value == nullptr) return list;
        if (!value->is_object()) fail(name, "an object", *value);
        for (const auto& [key, element] : value->items()) list.push_back(key);
        return list;
    }
    std::optional<Fields> object(const char* name) const {
        const json* value = find(name);
        if (value == nullptr) return std::nullopt;
        return Fields(*value, at(name));
    }
    /// The objects of a list; empty when absent.
    std::vector<Fields> objects(const char* name) const {
        std::vector<Fields> list;
        const json* value = find(name);
        if (value == nullptr) return list;
        if (!value->is_array()) fail(name, "a list of objects", *value);
        for (const json& element : *value)
            list.emplace_back(element, cat(at(name), "[", list.size(), "]"));
        return list;
    }

    const json& raw() const noexcept { return object_; }
    /// "manifest: config" for the first level, "manifest: config.digest" below.
    std::string at(const char* name) const {
        return cat(where_, where_.find(": ") == std::string::npos ? ": " : ".", name);
    }

private:
    static std::string kind(const json& value) { return value.type_name(); }
    [[noreturn]] void fail(const char* name, const char* expected, const json& found) const {
        throw Error(at(name), ": expected ", expected, ", found ", kind(found));
    }

    const json& object_;
    std::string where_;
};

} // namespace oci
