// The table of functions, see cli/templates/functions.h.
#include "cli/templates/functions.h"

#include "cli/suggest.h"
#include "cli/templates/function_table.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace cli::templates {
namespace {

constexpr std::size_t any = std::numeric_limits<std::size_t>::max();

struct Entry {
    std::string_view name;
    std::size_t least; ///< arguments
    std::size_t most;
    Value (*function)(const Call&); ///< nullptr: the evaluator's own
};

constexpr std::array table{
    Entry{"and", 1, any, nullptr},         Entry{"or", 1, any, nullptr},          Entry{"not", 1, 1, fn_not},
    Entry{"eq", 2, any, fn_eq},            Entry{"ne", 2, 2, fn_ne},              Entry{"lt", 2, 2, fn_lt},
    Entry{"le", 2, 2, fn_le},              Entry{"gt", 2, 2, fn_gt},              Entry{"ge", 2, 2, fn_ge},
    Entry{"len", 1, 1, fn_len},            Entry{"index", 1, any, fn_index},      Entry{"slice", 1, 4, fn_slice},
    Entry{"print", 0, any, fn_print},      Entry{"println", 0, any, fn_println},  Entry{"printf", 1, any, fn_printf},
    Entry{"html", 0, any, fn_html},        Entry{"js", 0, any, fn_js},            Entry{"urlquery", 0, any, fn_urlquery},
    Entry{"json", 1, 1, fn_json},          Entry{"join", 2, 2, fn_join},          Entry{"split", 2, 2, fn_split},
    Entry{"lower", 1, 1, fn_lower},        Entry{"upper", 1, 1, fn_upper},        Entry{"title", 1, 1, fn_title},
    Entry{"pad", 3, 3, fn_pad},            Entry{"truncate", 2, 2, fn_truncate},
};

const Entry* find(std::string_view name) {
    const auto* found = std::ranges::find(table, name, &Entry::name);
    return found == table.end() ? nullptr : found;
}

} // namespace

const std::string& Call::text(std::size_t i) const {
    if (!arguments[i].data().is_string()) refuse(i, "a text");
    return arguments[i].data().get_ref<const std::string&>();
}

long Call::whole(std::size_t i) const {
    if (!arguments[i].data().is_number_integer()) refuse(i, "a whole number");
    return arguments[i].data().get<long>();
}

void Call::refuse(std::size_t i, std::string_view expected) const {
    fail(offset, name, ": argument ", i + 1, " is ", arguments[i].kind(), ", expected ", expected);
}

bool is_function(std::string_view name) { return find(name) != nullptr; }

std::string nearest_function(std::string_view name) {
    std::array<std::string_view, table.size()> names;
    std::ranges::transform(table, names.begin(), &Entry::name);
    const std::string near = nearest(name, names);
    return near.empty() ? "" : ", did you mean " + near + "?";
}

bool is_lazy(std::string_view name) { return find(name)->function == nullptr; }

Value call_function(const Call& call) {
    const Entry& entry = *find(call.name);
    if (call.size() < entry.least || call.size() > entry.most)
        fail(call.offset, call.name, ": ", call.size() < entry.least ? "too few" : "too many", " arguments");
    return entry.function(call);
}

} // namespace cli::templates
