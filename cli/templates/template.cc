// Templates, see cli/templates/template.h.
#include "cli/templates/template.h"

#include "cli/templates/evaluator.h"

#include <nlohmann/json.hpp>

namespace cli::templates {

Template Template::parse(std::string_view text, std::size_t start) {
    return Template(std::make_shared<const ParsedTemplate>(parse_template(text, start)));
}

std::string Template::render(const nlohmann::json& data, const Schema& schema) const {
    return evaluate(*parsed_, Value::borrowed(data), schema);
}

std::string Template::render(const nlohmann::json& data, const nlohmann::json& fields, const Schema& schema) const {
    return evaluate(*parsed_, Value::borrowed(data, fields), schema);
}

std::string Template::headings(const std::function<std::string(const std::string&)>& heading) const {
    return headings_of(*parsed_, heading);
}

bool Template::ranges_over_all() const {
    if (parsed_->body.empty() || parsed_->body.front().kind != Statement::Kind::range) return false;
    const Pipeline& over = parsed_->body.front().pipeline;
    if (over.commands.size() != 1 || over.commands.front().words.size() != 1) return false;
    const Operand& operand = over.commands.front().words.front();
    const bool whole = operand.kind == Operand::Kind::dot || (operand.kind == Operand::Kind::variable && operand.name == "$");
    return whole && operand.fields.empty();
}

} // namespace cli::templates
