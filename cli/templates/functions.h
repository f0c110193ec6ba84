// The functions that templates call: those of Go's text/template, and those that Podman adds.
#pragma once

#include "cli/templates/value.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace cli::templates {

/// What a function is called with.
struct Call {
    std::string_view name;
    std::size_t offset;
    std::span<const Value> arguments;

    const Value& operator[](std::size_t i) const { return arguments[i]; }
    std::size_t size() const { return arguments.size(); }
    /// The i-th argument as text or whole number; anything else is an Error naming function and argument.
    const std::string& text(std::size_t i) const;
    long whole(std::size_t i) const;
    [[noreturn]] void refuse(std::size_t i, std::string_view expected) const;
};

bool is_function(std::string_view name);
/// ", did you mean x?", or nothing.
std::string nearest_function(std::string_view name);

/// `and` and `or` stop at the first argument that decides, so the evaluator has to know them.
bool is_lazy(std::string_view name);

/// Throws Error for a wrong number or kind of arguments.
Value call_function(const Call& call);

} // namespace cli::templates
