// See base/human_size.h.
#include "base/human_size.h"

#include "base/error.h"

#include <array>
#include <cstdio>

std::string human_size(std::uint64_t bytes, std::string_view gap) {
    constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    auto size = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; size >= 1000 && unit + 1 < units.size(); ++unit) size /= 1000;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", size);
    return cat(text.data(), gap, units[unit]);
}
