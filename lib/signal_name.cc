// Signal names; see lib/signal_name.h.
#include "lib/signal_name.h"

#include "base/error.h"

#include <signal.h>
#include <string.h>

#include <cctype>
#include <charconv>
#include <optional>

namespace lib {
namespace {

/// The kernel's range. glibc keeps 32 and 33 for itself, so SIGRTMIN is 34 here as in every other tool.
constexpr int last_signal = 64;

std::optional<int> parse_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<int> parse_realtime(std::string_view name) {
    if (name == "RTMIN") return SIGRTMIN;
    if (name == "RTMAX") return SIGRTMAX;
    if (name.starts_with("RTMIN+"))
        if (const auto n = parse_number(name.substr(6)); n && *n >= 0 && *n <= 30) return SIGRTMIN + *n;
    if (name.starts_with("RTMAX-"))
        if (const auto n = parse_number(name.substr(6)); n && *n >= 0 && *n <= 30) return SIGRTMAX - *n;
    return std::nullopt;
}

} // namespace

int parse_signal(std::string_view text) {
    if (const auto number = parse_number(text)) {
        if (*number >= 1 && *number <= last_signal) return *number;
        throw Error("signal ", *number, " does not exist: signals go from 1 to ", last_signal);
    }
    std::string name;
    for (const char c : text) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (int signal = 1; signal < 32; ++signal) {
        const char* known = ::sigabbrev_np(signal);
        if (known != nullptr && name == known) return signal;
    }
    if (const auto signal = parse_realtime(name)) return *signal;
    throw Error("unknown signal \"", text, "\"; names are those of signal(7), such as TERM or SIGUSR1");
}

std::string signal_name(int signal) {
    if (const char* known = ::sigabbrev_np(signal)) return cat("SIG", known);
    if (signal >= SIGRTMIN && signal <= SIGRTMAX) return cat("SIGRTMIN+", signal - SIGRTMIN);
    return std::to_string(signal);
}

} // namespace lib
