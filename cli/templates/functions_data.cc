// len, index, slice.
#include "cli/output.h"
#include "cli/templates/function_table.h"
#include "cli/templates/syntax_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cli::templates {
namespace {

using nlohmann::json;

std::size_t size_of(const json& value) { return value.is_string() ? value.get_ref<const std::string&>().size() : value.size(); }

/// A position inside of something with `size` elements; `most` is size for ends of slices.
std::size_t position(const Call& call, std::size_t argument, std::size_t most) {
    const long at = call.whole(argument);
    if (at < 0 || static_cast<std::size_t>(at) > most) fail(call.offset, call.name, ": ", at, " is out of range");
    return static_cast<std::size_t>(at);
}

/// What a map yields for a key that it does not have: the empty value of what it holds. In a document that is texts, mostly.
Value empty_value(const json& map) {
    if (map.empty()) return Value::own("");
    switch (map.begin()->type()) {
    case json::value_t::string: return Value::own("");
    case json::value_t::array: return Value::own(json::array());
    case json::value_t::boolean: return Value::own(false);
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float: return Value::own(0);
    default: return {};
    }
}

Value element(const Call& call, const Value& from, std::size_t argument) {
    const json& data = from.data();
    if (data.is_object()) {
        const std::string& key = call.text(argument);
        const auto found = data.find(key);
        if (found != data.end()) return from.part(*found);
        if (!from.has_free_keys()) fail(call.offset, call.name, ": there is no field ", escaped(key));
        return empty_value(data);
    }
    if (!data.is_array() && !data.is_string() && !data.is_null())
        fail(call.offset, call.name, ": ", from.kind(), " has no elements");
    const std::size_t size = size_of(data);
    const std::size_t at = position(call, argument, size);
    if (at == size) fail(call.offset, call.name, ": ", at, " is out of range");
    if (data.is_array()) return from.element(at);
    return Value::own(static_cast<int>(static_cast<unsigned char>(data.get_ref<const std::string&>()[at])));
}

} // namespace

Value fn_len(const Call& call) {
    const json& data = call[0].data();
    const bool counts = data.is_structured() || data.is_string() || (data.is_null() && call[0].exists());
    if (!counts) call.refuse(0, "a text, a list or a map");
    return Value::own(size_of(data));
}

Value fn_index(const Call& call) {
    Value value = call[0];
    for (std::size_t i = 1; i < call.size(); ++i) value = element(call, value, i);
    return value;
}

Value fn_slice(const Call& call) {
    const json& data = call[0].data();
    if (!data.is_string() && !data.is_array()) call.refuse(0, "a text or a list");
    if (data.is_string() && call.size() == 4) fail(call.offset, "slice: a text takes two positions, not three");
    const std::size_t size = size_of(data);
    if (call.size() == 4) (void)position(call, 3, size); // a capacity, which nothing of ours has
    const std::size_t end = call.size() > 2 ? position(call, 2, size) : size;
    const std::size_t start = call.size() > 1 ? position(call, 1, end) : 0;
    if (data.is_string()) return call[0].derived(data.get_ref<const std::string&>().substr(start, end - start));
    const auto at = [&](std::size_t i) { return data.begin() + static_cast<json::difference_type>(i); };
    return call[0].derived(json(json::array_t(at(start), at(end))));
}

} // namespace cli::templates
