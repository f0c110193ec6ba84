// `--format`: text with field paths over a JSON document, `{{.State.Pid}}`, and `json`. The rest of Go's template language
// is answered by an Error that says so.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cli {

class Format {
public:
    /// `json`, or text with {{.Field.Field}}, {{json .}} and {{json .Field}} in it; \t and \n in the text stand for what
    /// they stand for. Throws Error for anything else.
    static Format parse(std::string_view text);

    /// "json" alone: the whole list of documents is wanted, as JSON.
    bool is_json() const { return json_; }
    /// One document as a line without the line feed, control characters of others escaped. Names match whatever their
    /// case, exact ones first. Throws Error naming a field that the document does not have.
    std::string render(const nlohmann::json& document) const;

private:
    struct Part {
        std::string literal;           ///< printed as it is, before the field
        std::vector<std::string> path; ///< empty: the document itself
        bool has_field = false;
        bool as_json = false;
    };
    std::vector<Part> parts_;
    bool json_ = false;
};

} // namespace cli
