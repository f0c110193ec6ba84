// not, eq, ne, lt, le, gt, ge.
#include "cli/templates/function_table.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

namespace cli::templates {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_pair(const Call& call, std::size_t i) {
    fail(call.offset, call.name, ": ", call[0].kind(), " and ", call[i].kind(), " cannot be compared");
}

/// Whether both are texts, numbers, or booleans.
bool alike(const json& a, const json& b) {
    return (a.is_string() && b.is_string()) || (a.is_number() && b.is_number()) || (a.is_boolean() && b.is_boolean());
}

bool equal(const Call& call, std::size_t i) {
    const json& a = call[0].data();
    const json& b = call[i].data();
    if (a.is_structured() || b.is_structured()) refuse_pair(call, i);
    if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
    if (!alike(a, b)) refuse_pair(call, i);
    return a == b;
}

bool less(const Call& call) {
    const json& a = call[0].data();
    const json& b = call[1].data();
    if (!alike(a, b) || a.is_boolean()) refuse_pair(call, 1);
    return a < b;
}

bool less_or_equal(const Call& call) { return less(call) || equal(call, 1); }

} // namespace

Value fn_not(const Call& call) { return Value::own(!call[0].is_true()); }

Value fn_eq(const Call& call) {
    for (std::size_t i = 1; i < call.size(); ++i)
        if (equal(call, i)) return Value::own(true);
    return Value::own(false);
}

Value fn_ne(const Call& call) { return Value::own(!equal(call, 1)); }
Value fn_lt(const Call& call) { return Value::own(less(call)); }
Value fn_le(const Call& call) { return Value::own(less_or_equal(call)); }
Value fn_gt(const Call& call) { return Value::own(!less_or_equal(call)); }
Value fn_ge(const Call& call) { return Value::own(!less(call)); }

} // namespace cli::templates
