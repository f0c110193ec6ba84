// Values of options as users write them: sizes, numbers, durations.
//
// Each throws an Error that names the option: "--memory: "12q" is not a size; write for example 512m".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// Bytes: a number, a fraction allowed, with an optional unit b, k, m, g, t or p of either case, steps of 1024, and an
/// optional b or ib after it (podman-run(1), --memory).
std::int64_t parse_size(std::string_view option, const std::string& text);

/// A whole number from `least` on.
std::int64_t parse_integer(std::string_view option, const std::string& text, std::int64_t least);

/// A decimal number, not negative.
double parse_decimal(std::string_view option, const std::string& text);

/// "250ms", "1.5s", "1m30s", or a whole number of milliseconds.
std::chrono::milliseconds parse_duration(std::string_view option, const std::string& text);

/// Whole seconds from 0.
std::chrono::seconds parse_seconds(std::string_view option, const std::string& text);

class ParsedCommand;
/// The descriptors of --preserve-fds (so many from 3 on) and --preserve-fd.
std::vector<int> preserved_fds(const ParsedCommand& command);

} // namespace cli
