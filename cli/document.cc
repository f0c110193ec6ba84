// Printing whole documents, see cli/document.h.
#include "cli/document.h"

#include "base/error.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/targets.h"

#include <nlohmann/json.hpp>

namespace cli {
namespace {

using nlohmann::json;

std::string scalar(const json& value) {
    if (value.is_string() && value.get_ref<const std::string&>().empty()) return "\"\"";
    if (value.is_string()) return escaped(value.get_ref<const std::string&>());
    if (value.is_structured()) return value.is_array() ? "[]" : "{}"; // only empty ones come here
    return value.dump();
}

void append_outline(std::string& out, const json& value, std::size_t depth) {
    const std::string indent(2 * depth, ' ');
    for (auto item = value.begin(); item != value.end(); ++item) {
        const std::string label = value.is_array() ? indent + "-" : cat(indent, escaped(item.key()), ":");
        if (item->is_structured() && !item->empty()) {
            out += label + "\n";
            append_outline(out, *item, depth + 1);
        } else {
            out += cat(label, " ", scalar(*item), "\n");
        }
    }
}

} // namespace

std::string outline_text(const json& document) {
    std::string out;
    append_outline(out, document, 0);
    return out;
}

std::string document_text(const ParsedCommand& command, const json& document) {
    const std::string format = command.find("format").value_or("");
    return format.empty() ? outline_text(document) : Format::parse(format).render(document);
}

void print_inspected(const ParsedCommand& command, const std::vector<std::string>& names,
                     const std::function<nlohmann::json(const std::string& name)>& inspect) {
    const std::string text = command.find("format").value_or("");
    const Format format = Format::parse(text.empty() ? "json" : text);
    std::vector<nlohmann::json> documents;
    std::vector<Error> errors = try_each_target(names, [&](const std::string& name) { documents.push_back(inspect(name)); });
    FormatContext context = default_context();
    context.with_headings = false; // as Podman: a table here is for its columns
    print(format.render_all(documents, context));
    throw_errors(std::move(errors));
}

bool print_formatted(const ParsedCommand& command, const std::vector<nlohmann::json>& documents) {
    const auto format = command.find("format");
    if (!format) return false;
    FormatContext context = default_context();
    context.with_headings = !command.is_on("noheading");
    print(Format::parse(*format).render_all(documents, context));
    return true;
}

} // namespace cli
