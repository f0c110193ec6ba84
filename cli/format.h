// `--format`: json, a template (cli/templates/template.h), or a table of a template's columns.
//
// A command hands in its documents and, where they differ from plain JSON, a FormatContext; it need not know which of the
// three was asked for.
#pragma once

#include "cli/templates/template.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

/// What a command's documents are like.
struct FormatContext {
    templates::Schema schema;
    /// What stands above a column, by field, where it is not the field's name in capital letters ("CREATED AT").
    std::span<const std::pair<std::string_view, std::string_view>> headings;
    bool with_headings = true; ///< of tables
};

/// Maps and optional fields that documents of containers, images and the rest have in common.
FormatContext default_context();

class Format {
public:
    /// "json", "table TEMPLATE" or a template. Throws Error.
    static Format parse(std::string_view text);

    /// The whole list of documents is wanted, as JSON.
    bool is_json() const { return !template_; }
    /// One document as text that ends with a line feed.
    std::string render(const nlohmann::json& document, const FormatContext& context = default_context()) const;
    /// A list of documents: a line for each, or a table. A template that is one {{range .}} gets the list as its data.
    std::string render_all(const std::vector<nlohmann::json>& documents, const FormatContext& context = default_context()) const;
    /// With fields that templates see instead of, or besides, those of the documents, an object for each: {{.ID}} may be
    /// short while JSON has the whole id.
    std::string render_all(const std::vector<nlohmann::json>& documents, const std::vector<nlohmann::json>& fields,
                           const FormatContext& context) const;

private:
    std::string render_line(const nlohmann::json& data, const nlohmann::json& fields, const FormatContext& context) const;
    std::optional<templates::Template> template_; ///< empty: JSON
    bool table_ = false;
};

/// "CREATED AT" for "CreatedAt".
std::string heading_of(std::string_view field);

} // namespace cli
