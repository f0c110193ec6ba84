// What the readers of config.json share: members in the forms that base/oci/json_fields.h does not know. For the
// runtime_spec_*.cc files only; their errors name the field.
#pragma once

#include "base/oci/json_fields.h"
#include "base/oci/runtime_spec.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oci::spec {

// In runtime_spec_process.cc, runtime_spec_linux.cc and runtime_spec_resources.cc.
Process read_process(const Fields& object);
std::vector<IdMapping> read_mappings(const Fields& object, const char* name);
void read_linux(const Fields& object, RuntimeSpec& spec, const std::string& file);
Resources read_resources(const Fields& object);
/// Refuses NUL characters below `value`: the kernel would see a path or a word end there.
void refuse_nul(const Fields::json& value, const std::string& where);

/// The largest numbers that the kernel has for a device: 12 and 20 bits.
constexpr std::int64_t most_major = 4095;
constexpr std::int64_t most_minor = 1048575;

using Words = std::initializer_list<std::string_view>;

inline std::vector<std::string> texts(const Fields& object, const char* name) {
    return object.texts(name).value_or(std::vector<std::string>{});
}

inline std::uint64_t required_number(const Fields& object, const char* name,
                                     std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    const auto value = object.number(name, most);
    if (!value) throw Error(object.at(name), ": missing");
    return *value;
}

/// A number of 32 bits, nullopt where absent.
inline std::optional<std::uint32_t> short_number(const Fields& object, const char* name) {
    const auto value = object.number(name, std::numeric_limits<std::uint32_t>::max());
    if (!value) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

/// A whole number that may be negative, which Fields::number refuses.
template <class Number>
std::optional<Number> signed_number(const Fields& object, const char* name, Number least = std::numeric_limits<Number>::min(),
                                    Number most = std::numeric_limits<Number>::max()) {
    const Fields::json* value = object.find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_integer()) throw Error(object.at(name), ": expected a whole number, found ", value->type_name());
    const bool fits = value->is_number_unsigned() ? std::in_range<Number>(value->get<std::uint64_t>())
                                                  : std::in_range<Number>(value->get<std::int64_t>());
    if (!fits || value->get<Number>() < least || value->get<Number>() > most)
        throw Error(object.at(name), ": ", value->dump(), " is out of range, which is ", least, " to ", most);
    return value->get<Number>();
}

/// The number of an existing device.
inline std::int64_t device_number(const Fields& object, const char* name, std::int64_t most) {
    const auto value = signed_number<std::int64_t>(object, name, 0, most);
    if (!value) throw Error(object.at(name), ": missing");
    return *value;
}

/// A user's or group's id. The largest number is what system calls take for "no change".
inline std::uint32_t id(const Fields& object, const char* name) {
    return static_cast<std::uint32_t>(required_number(object, name, std::numeric_limits<std::uint32_t>::max() - 1));
}

inline void check_word(const Fields& object, const char* name, std::string_view word, Words known) {
    if (std::find(known.begin(), known.end(), word) == known.end())
        throw Error(object.at(name), ": unknown word \"", printable(word), "\"");
}

inline void check_absolute(const Fields& object, const char* name, std::string_view path) {
    if (!path.starts_with('/')) throw Error(object.at(name), ": \"", printable(path), "\" is not an absolute path");
}

/// For members with a meaning that ctl does not have, where leaving them out would give less than was asked for.
[[noreturn]] inline void refuse(const Fields& object, const char* name, std::string_view why) {
    throw Error(object.at(name), ": not supported: ", why);
}

} // namespace oci::spec
