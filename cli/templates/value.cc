// Values, see cli/templates/value.h.
#include "cli/templates/value.h"

#include "cli/output.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>

namespace cli::templates {
namespace {

using nlohmann::json;

std::string number_text(const json& value) {
    return value.is_number_float() ? float_text(value.get<double>()) : value.dump();
}

} // namespace

std::string float_text(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
    const double size = std::fabs(number);
    const bool exponent = size != 0 && (size < 1e-4 || size >= 1e6);
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, number, exponent ? std::chars_format::scientific : std::chars_format::fixed);
    return {text, end.ptr};
}

Value Value::borrowed(const json& part) {
    Value value;
    value.data_ = &part;
    return value;
}

Value Value::borrowed(const json& document, const json& fields) {
    Value value = borrowed(document);
    value.fields_ = &fields;
    return value;
}

Value Value::foreign(json made) {
    Value value;
    value.owner_ = std::make_shared<const json>(std::move(made));
    value.data_ = value.owner_.get();
    return value;
}

Value Value::own(json made) {
    Value value = foreign(std::move(made));
    value.ours_ = true;
    return value;
}

Value Value::derived(json made) const { return ours_ ? own(std::move(made)) : foreign(std::move(made)); }

Value Value::nil() { return own(nullptr); }

const json& Value::data() const {
    static const json nothing;
    return exists() ? *data_ : nothing;
}

Value Value::part(const json& inner) const {
    Value value = *this;
    value.data_ = &inner;
    value.fields_ = nullptr;
    value.free_keys_ = false;
    return value;
}

Value Value::element(std::size_t i) const {
    Value value = part(data()[i]);
    if (fields_ != nullptr && fields_->is_array()) value.fields_ = &(*fields_)[i];
    return value;
}

Value Value::with_free_keys() const {
    Value value = *this;
    value.free_keys_ = true;
    return value;
}

bool Value::is_true() const {
    const json& value = data();
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number()) return value.get<double>() != 0;
    if (value.is_string()) return !value.get_ref<const std::string&>().empty();
    return !value.empty(); // null is empty
}

std::string Value::harmless_text() const {
    const std::string& text = data().get_ref<const std::string&>();
    return ours_ ? text : escaped(text);
}

std::string Value::printed() const {
    const json& value = data();
    if (!exists()) return "<no value>";
    if (value.is_string()) return harmless_text();
    if (value.is_null()) return "<nil>";
    if (value.is_number()) return number_text(value);
    if (!value.is_structured()) return value.dump();
    std::string out = value.is_array() ? "[" : "map[";
    bool first = true;
    for (auto item = value.begin(); item != value.end(); ++item) {
        if (!first) out += ' ';
        first = false;
        if (value.is_object()) out += (ours_ ? item.key() : escaped(item.key())) + ":";
        out += part(*item).printed();
    }
    return out + "]";
}

std::string Value::kind() const {
    const json& value = data();
    if (!exists()) return "nothing";
    if (value.is_string()) return "a text";
    if (value.is_number()) return "a number";
    if (value.is_boolean()) return "true or false";
    if (value.is_array()) return "a list";
    return value.is_object() ? "a map" : "nil";
}

std::string Value::go_type() const {
    const json& value = data();
    if (value.is_string()) return "string";
    if (value.is_number_float()) return "float64";
    if (value.is_number()) return "int";
    if (value.is_boolean()) return "bool";
    if (value.is_array()) return "[]interface {}";
    return value.is_object() ? "map[string]interface {}" : "<nil>";
}

} // namespace cli::templates
