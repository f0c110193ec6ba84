// Platforms, see base/oci/platform.h.
#include "base/oci/platform.h"

#include "base/error.h"
#include "base/oci/digest.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace oci {
namespace {

/// Names of other tools for the same architecture, as containerd's platforms package reads them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> aliases{{
    {"x86_64", "amd64"},
    {"x86-64", "amd64"},
    {"aarch64", "arm64"},
    {"i386", "386"},
    {"armhf", "arm/v7"},
    {"armel", "arm/v6"},
}};

/// "v7" → 7; anything else 0.
int variant_level(const std::string& variant) {
    return variant.size() == 2 && variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' ? variant[1] - '0' : 0;
}

int implied_level(const Platform& platform) {
    if (!platform.variant.empty()) return variant_level(platform.variant);
    if (platform.architecture == "arm64") return 8;
    if (platform.architecture == "arm") return 7;
    return platform.architecture == "amd64" ? 1 : 0;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

} // namespace

std::string Platform::str() const { return variant.empty() ? os + "/" + architecture : os + "/" + architecture + "/" + variant; }

Platform host_platform() {
#if defined(__x86_64__)
    return {"linux", "amd64", ""};
#elif defined(__aarch64__)
    return {"linux", "arm64", ""};
#elif defined(__riscv) && __riscv_xlen == 64
    return {"linux", "riscv64", ""};
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    return {"linux", "ppc64le", ""};
#elif defined(__s390x__)
    return {"linux", "s390x", ""};
#elif defined(__arm__)
    return {"linux", "arm", "v7"};
#elif defined(__i386__)
    return {"linux", "386", ""};
#else
#error "give this architecture its Go name"
#endif
}

Platform parse_platform(std::string_view text) {
    std::vector<std::string> parts{""};
    for (const char c : text) {
        if (c == '/') parts.emplace_back();
        else parts.back() += c;
    }
    if (parts.size() == 1) parts.insert(parts.begin(), "linux");
    for (const auto& [alias, name] : aliases) {
        if (parts[1] != alias) continue;
        const auto slash = name.find('/');
        parts[1] = name.substr(0, slash);
        if (slash != std::string_view::npos && parts.size() == 2) parts.emplace_back(name.substr(slash + 1));
    }
    if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_name))
        throw Error("invalid platform \"", printable(text), "\": expected os/architecture or os/architecture/variant");
    return {parts[0], parts[1], parts.size() == 3 ? parts[2] : ""};
}

int platform_match(const Platform& wanted, const Platform& offered) {
    if (wanted.os != offered.os || wanted.architecture != offered.architecture) return 0;
    const int have = implied_level(wanted);
    const int need = implied_level(offered);
    return need > have ? 0 : 1 + need;
}

} // namespace oci
