// "Did you mean": the nearest of some names.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cli {

/// Edits (insert, remove, replace, swap neighbours) that make `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `names` if it is near enough to be meant (a third of its letters, at most 3 edits), else empty.
std::string nearest(std::string_view word, std::span<const std::string_view> names);

} // namespace cli
