// The platform an image is made for (image-spec, image-index.md, "platform"; Go's names).
#pragma once

#include <string>
#include <string_view>

namespace oci {

struct Platform {
    std::string os;           ///< "linux"
    std::string architecture; ///< "amd64", "arm64", "arm", "386", "riscv64", …
    std::string variant;      ///< "v8", "v7"; empty: none

    std::string str() const; ///< os/architecture[/variant]
    bool operator==(const Platform&) const = default;
};

/// What this program was compiled for.
Platform host_platform();

/// "linux/arm64/v8", "arm64" (os: linux), aliases such as "x86_64" and "aarch64". Throws Error.
Platform parse_platform(std::string_view text);

/// How well a machine of platform `wanted` runs an image of platform `offered`: 0 not at all, larger is better. An arm
/// machine runs images of lower variants too; an arm64 one without variant is a v8.
int platform_match(const Platform& wanted, const Platform& offered);

} // namespace oci
