// `--format`, see cli/format.h.
#include "cli/format.h"

#include "base/error.h"
#include "cli/output.h"

#include <nlohmann/json.hpp>
#include <strings.h>

#include <algorithm>
#include <cctype>

namespace cli {
namespace {

using nlohmann::json;

constexpr std::string_view table_word = "table ";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// In a table blanks between columns are as good as tabs.
std::string with_tabs(std::string_view text) {
    std::string out(text);
    bool outside = true;
    for (std::size_t i = table_word.size(); i < out.size(); ++i) {
        const std::string_view rest = std::string_view(out).substr(i);
        if (rest.starts_with("{{") || rest.starts_with("}}")) outside = rest.front() == '}';
        if (outside && out[i] == ' ') out[i] = '\t';
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (auto at = text.find(separator); at != std::string_view::npos; at = text.find(separator)) {
        parts.emplace_back(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    parts.emplace_back(text);
    return parts;
}

std::string find_heading(const FormatContext& context, const std::string& field) {
    const auto found = std::ranges::find_if(context.headings, [&](const auto& heading) {
        return heading.first.size() == field.size() && ::strncasecmp(heading.first.data(), field.data(), field.size()) == 0;
    });
    return found == context.headings.end() ? heading_of(field) : std::string(found->second);
}

/// Lines of cells with tabs between them.
std::string aligned(const std::string& headings, const std::string& lines) {
    Table table(headings.empty() ? std::vector<std::string>{} : split(headings, '\t'));
    for (std::string_view rest = lines; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        table.add(split(rest.substr(0, end), '\t'));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return table.text();
}

template <class F>
auto in_format(F act) {
    try {
        return act();
    } catch (Error& e) {
        e.add_context("--format");
        throw;
    }
}

} // namespace

FormatContext default_context() {
    static constexpr std::string_view maps[] = {"Labels", "Annotations", "Ports", "PortBindings", "ExposedPorts", "Networks",
                                                "CgroupConf", "Data", "Options", "DriverOpts", "Volumes", "Attributes", "Spec"};
    static constexpr std::string_view optional[] = {"Health", "Healthcheck", "StartupHealthCheck", "SizeRw", "SizeRootFs", "Secrets",
                                                    "Timezone", "CgroupPath", "ChrootDirs", "SubPath", "IDMappings"};
    return {.schema = {.maps = maps, .optional = optional, .methods = {}}, .headings = {}};
}

std::string heading_of(std::string_view field) {
    const auto is = [&](std::size_t i, int (*kind)(int)) { return i < field.size() && kind(static_cast<unsigned char>(field[i])) != 0; };
    std::string out;
    for (std::size_t i = 0; i < field.size(); ++i) {
        // "CreatedAt" has a word at its A, "CIDFile" at its F.
        const bool word = is(i, std::isupper) && i > 0 && (is(i - 1, std::islower) || is(i + 1, std::islower));
        if (word) out += ' ';
        out += static_cast<char>(std::toupper(static_cast<unsigned char>(field[i])));
    }
    return out;
}

Format Format::parse(std::string_view text) {
    Format format;
    if (trimmed(text) == "json") return format;
    if (text.find("{{") == std::string_view::npos) throw Error("--format: no field in it; write {{.Name}} for one, or json");
    format.table_ = text.starts_with(table_word);
    format.template_ = in_format([&] {
        return format.table_ ? templates::Template::parse(with_tabs(text), table_word.size()) : templates::Template::parse(text);
    });
    return format;
}

std::string Format::render_line(const json& data, const json& fields, const FormatContext& context) const {
    std::string line = in_format([&] { return template_->render(data, fields, context.schema); });
    if (!line.ends_with('\n')) line += '\n';
    return line;
}

std::string Format::render(const json& document, const FormatContext& context) const {
    if (is_json()) return json_text(document);
    return table_ ? render_all({document}, context) : render_line(document, json::object(), context);
}

std::string Format::render_all(const std::vector<json>& documents, const FormatContext& context) const {
    return render_all(documents, std::vector<json>(documents.size(), json::object()), context);
}

std::string Format::render_all(const std::vector<json>& documents, const std::vector<json>& fields, const FormatContext& context) const {
    if (is_json()) return json_text(json(documents));
    std::string out;
    if (template_->ranges_over_all()) {
        out = in_format([&] { return template_->render(json(documents), json(fields), context.schema); });
    } else {
        for (std::size_t i = 0; i < documents.size(); ++i) out += render_line(documents[i], fields[i], context);
    }
    if (!table_) return out;
    const auto heading = [&](const std::string& field) { return find_heading(context, field); };
    return aligned(context.with_headings ? template_->headings(heading) : "", out);
}

} // namespace cli
