// Sizes for humans.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// As Podman prints it: "142 MB", three significant digits, steps of 1000.
std::string human_size(std::uint64_t bytes, std::string_view gap = " ");
