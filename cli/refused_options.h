// Podman's options that will not become ours, and why: what the kernel's control groups of today do not have, and what is
// not an ordinary user's to set.
#pragma once

#include <string_view>

namespace cli {

/// `option` without dashes. Empty where it is supported, or only not yet.
std::string_view refusal_reason(std::string_view option);

/// The same for commands that would have nothing to do here.
std::string_view needless_reason(std::string_view command);

} // namespace cli
