// `--format`, see cli/format.h.
#include "cli/format.h"

#include "base/error.h"
#include "cli/output.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <strings.h>

namespace cli {
namespace {

using nlohmann::json;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// "\t" and "\n", which a shell passes on as two characters.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        if (next != 't' && next != 'n') {
            out += text[i];
            continue;
        }
        out += next == 't' ? '\t' : '\n';
        ++i;
    }
    return out;
}

[[noreturn]] void throw_not_supported(std::string_view action) {
    throw Error("--format: {{", escaped(action), "}} is not supported yet, only fields such as {{.State.Pid}} and {{json .}} are");
}

/// ".State.Pid" or "."; nothing but names and dots.
std::vector<std::string> parse_path(std::string_view path, std::string_view action) {
    if (!path.starts_with('.')) throw_not_supported(action);
    path.remove_prefix(1);
    std::vector<std::string> names;
    while (!path.empty()) {
        const std::string_view name = path.substr(0, path.find('.'));
        const bool plain = std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
        if (name.empty() || !plain || name.size() + 1 == path.size()) throw_not_supported(action);
        names.emplace_back(name);
        path.remove_prefix(std::min(path.size(), name.size() + 1));
    }
    return names;
}

const json& find_field(const json& document, const std::vector<std::string>& path) {
    const json* value = &document;
    std::string walked;
    for (const std::string& name : path) {
        walked += "." + name;
        const json* found = nullptr;
        if (value->is_object()) {
            for (auto member = value->begin(); member != value->end(); ++member) {
                if (member.key() == name) {
                    found = &*member;
                    break;
                }
                if (found == nullptr && ::strcasecmp(member.key().c_str(), name.c_str()) == 0) found = &*member;
            }
        }
        if (found == nullptr) throw Error("--format: there is no field ", walked);
        value = found;
    }
    return *value;
}

/// As Go's templates print values: [a b], map[k:v].
std::string plain(const json& value) {
    if (value.is_string()) return escaped(value.get_ref<const std::string&>());
    if (value.is_null()) return "<nil>";
    if (!value.is_structured()) return value.dump();
    std::string out = value.is_array() ? "[" : "map[";
    bool first = true;
    for (auto item = value.begin(); item != value.end(); ++item) {
        if (!first) out += ' ';
        first = false;
        if (value.is_object()) out += cat(escaped(item.key()), ":");
        out += plain(*item);
    }
    return out + "]";
}

std::string compact_json(const json& value) {
    // Everything beyond ASCII as \uNNNN: one line, and nothing in it that a terminal acts on.
    return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

} // namespace

Format Format::parse(std::string_view text) {
    Format format;
    if (trimmed(text) == "json") {
        format.json_ = true;
        return format;
    }
    if (text.empty()) throw Error("--format is empty");
    if (trimmed(text) == "table" || trimmed(text).starts_with("table "))
        throw Error("--format: \"table\" is not supported yet, only fields such as {{.State.Pid}} and json are");
    while (!text.empty()) {
        Part part;
        const auto open = text.find("{{");
        part.literal = unescaped(text.substr(0, open));
        text.remove_prefix(open == std::string_view::npos ? text.size() : open);
        if (!text.empty()) {
            const auto close = text.find("}}");
            if (close == std::string_view::npos) throw Error("--format: {{ without }}");
            std::string_view action = trimmed(text.substr(2, close - 2));
            const std::string_view whole = action;
            part.as_json = action.starts_with("json ");
            if (part.as_json) action = trimmed(action.substr(5));
            part.path = parse_path(action, whole);
            part.has_field = true;
            text.remove_prefix(close + 2);
        }
        format.parts_.push_back(std::move(part));
    }
    if (std::ranges::none_of(format.parts_, &Part::has_field))
        throw Error("--format: no field in it; write {{.Name}} for one, or json");
    return format;
}

std::string Format::render(const json& document) const {
    std::string line;
    for (const Part& part : parts_) {
        line += part.literal;
        if (!part.has_field) continue;
        const json& value = find_field(document, part.path);
        line += part.as_json ? compact_json(value) : plain(value);
    }
    return line;
}

} // namespace cli
