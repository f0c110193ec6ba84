// Printing whole documents, see cli/document.h.
#include "cli/document.h"

#include "base/error.h"
#include "cli/format.h"
#include "cli/output.h"

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

} // namespace cli
