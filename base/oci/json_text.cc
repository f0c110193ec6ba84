// Strict JSON reading, see base/oci/json_text.h.
#include "base/oci/json_text.h"

#include "base/error.h"
#include "base/oci/digest.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace oci {
namespace {

using nlohmann::json;

std::string folded(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

/// Watches the parser: the keys seen so far in every object that is still open.
class KeyWatch {
public:
    KeyWatch(std::string_view what, JsonKeys keys, int depth) : what_(what), keys_(keys), depth_(depth) {}

    bool operator()(int depth, json::parse_event_t event, const json& value) {
        if (depth > depth_) throw Error(what_, ": JSON nested deeper than ", depth_, " levels");
        switch (event) {
        case json::parse_event_t::object_start: open_.push_back({{}, last_key_ == "annotations"}); break;
        case json::parse_event_t::object_end: open_.pop_back(); break;
        case json::parse_event_t::key: add(value.get_ref<const std::string&>()); break;
        default: break;
        }
        return true;
    }

private:
    struct Object {
        std::set<std::string> keys;
        bool is_annotations; ///< its keys are data, free to differ in case
    };

    void add(const std::string& key) {
        Object& object = open_.back();
        const bool fold = keys_ == JsonKeys::distinct_ignoring_case && !object.is_annotations;
        if (!object.keys.insert(fold ? folded(key) : key).second)
            throw Error(what_, ": the JSON key \"", printable(key), "\" is there twice");
        last_key_ = key;
    }

    std::string_view what_;
    JsonKeys keys_;
    int depth_;
    std::vector<Object> open_;
    std::string last_key_;
};

/// What is wrong at byte `at` (from 1), in our words: the library's own have its number of the error in them.
std::string reason(std::string_view text, std::size_t at) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return "it is empty";
    if (text[first] == '<') return "it begins with \"<\", as HTML and XML do";
    if (at == 0 || at > text.size()) return "it ends too early";
    const std::string_view before = text.substr(0, at - 1);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = before.size() - (before.rfind('\n') + 1) + 1; // npos + 1 is 0
    return cat("unexpected \"", printable(std::string(1, text[at - 1])), "\" at line ", line, ", column ", column);
}

json parse(std::string_view text, std::string_view what, JsonKeys keys, const JsonLimits& limits) {
    if (text.size() > limits.bytes) throw Error(what, ": larger than ", limits.bytes, " bytes");
    try {
        return json::parse(text, KeyWatch(what, keys, limits.depth));
    } catch (const json::parse_error& e) {
        throw Error(what, ": not valid JSON: ", reason(text, e.byte));
    } catch (const json::exception&) {
        throw Error(what, ": not valid JSON: it has a number that is out of range");
    }
}

} // namespace

json parse_json_text(std::string_view text, std::string_view what, JsonKeys keys, const JsonLimits& limits) {
    json document = parse(text, what, keys, limits);
    if (!document.is_object()) throw Error(what, ": expected a JSON object, found ", document.type_name());
    return document;
}

json parse_json_array(std::string_view text, std::string_view what, JsonKeys keys, const JsonLimits& limits) {
    json document = parse(text, what, keys, limits);
    if (!document.is_array()) throw Error(what, ": expected a JSON array, found ", document.type_name());
    return document;
}

} // namespace oci
