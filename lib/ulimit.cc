// `--ulimit`, see lib/ulimit.h.
#include "lib/ulimit.h"

#include "base/error.h"

#include <sys/resource.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace lib {
namespace {

struct Name {
    std::string_view name; ///< as in --ulimit
    const char* type;      ///< as in the runtime spec
    int resource;
};
constexpr Name names[] = {
    {"as", "RLIMIT_AS", RLIMIT_AS},           {"core", "RLIMIT_CORE", RLIMIT_CORE},
    {"cpu", "RLIMIT_CPU", RLIMIT_CPU},        {"data", "RLIMIT_DATA", RLIMIT_DATA},
    {"fsize", "RLIMIT_FSIZE", RLIMIT_FSIZE},  {"locks", "RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"memlock", "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"msgqueue", "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"nice", "RLIMIT_NICE", RLIMIT_NICE},     {"nofile", "RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"nproc", "RLIMIT_NPROC", RLIMIT_NPROC},  {"rss", "RLIMIT_RSS", RLIMIT_RSS},
    {"rtprio", "RLIMIT_RTPRIO", RLIMIT_RTPRIO}, {"rttime", "RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"sigpending", "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}, {"stack", "RLIMIT_STACK", RLIMIT_STACK}};

struct rlimit own_limit(int resource) {
    struct rlimit own {};
    ::getrlimit(static_cast<__rlimit_resource_t>(resource), &own);
    return own;
}

/// The caller's hard limit is the most an ordinary user can have.
oci::Rlimit clamped(const char* type, int resource, std::uint64_t wanted) {
    const std::uint64_t most = std::min<std::uint64_t>(wanted, own_limit(resource).rlim_max);
    return {type, most, most};
}

void put(std::vector<oci::Rlimit>& limits, const oci::Rlimit& limit) {
    const auto found = std::ranges::find(limits, limit.type, &oci::Rlimit::type);
    if (found != limits.end()) *found = limit;
    else limits.push_back(limit);
}

std::uint64_t parse_value(std::string_view text, const std::string& option) {
    if (text == "-1" || text == "unlimited") return RLIM_INFINITY;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        throw Error("--ulimit ", option, ": \"", text, "\" is not a number; -1 is unlimited");
    return value;
}

std::string shown(std::uint64_t value) { return value == RLIM_INFINITY ? "unlimited" : std::to_string(value); }

oci::Rlimit parse_ulimit(const std::string& option) {
    const auto equals = option.find('=');
    if (equals == std::string::npos) throw Error("--ulimit ", option, ": NAME=SOFT[:HARD] is needed, or host");
    std::string word = option.substr(0, equals);
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (word.starts_with("rlimit_")) word.erase(0, 7);
    const auto* name = std::ranges::find(names, word, &Name::name);
    if (name == std::end(names)) throw Error("--ulimit ", option, ": there is no limit of that name");
    const std::string values = option.substr(equals + 1);
    const auto colon = values.find(':');
    oci::Rlimit limit{name->type, parse_value(values.substr(0, colon), option), 0};
    limit.hard = colon == std::string::npos ? limit.soft : parse_value(values.substr(colon + 1), option);
    if (limit.soft > limit.hard) throw Error("--ulimit ", option, ": the soft limit is above the hard one");
    if (const std::uint64_t most = own_limit(name->resource).rlim_max; limit.hard > most)
        throw Error("--ulimit ", option, ": your own hard limit is ", shown(most), ", and only an administrator can raise it");
    return limit;
}

void put_own(std::vector<oci::Rlimit>& limits) {
    for (const Name& name : names) {
        const struct rlimit own = own_limit(name.resource);
        put(limits, {name.type, own.rlim_cur, own.rlim_max});
    }
}

} // namespace

std::vector<oci::Rlimit> process_limits(const std::vector<std::string>& ulimits) {
    std::vector<oci::Rlimit> limits{clamped("RLIMIT_NOFILE", RLIMIT_NOFILE, 1048576), clamped("RLIMIT_NPROC", RLIMIT_NPROC, 1048576),
                                    {"RLIMIT_CORE", 0, own_limit(RLIMIT_CORE).rlim_max}};
    for (const std::string& option : ulimits) {
        if (option == "host") put_own(limits);
        else put(limits, parse_ulimit(option));
    }
    return limits;
}

} // namespace lib
