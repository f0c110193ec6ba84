// `--sysctl`: kernel settings that belong to a container's namespaces.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lib {

/// Which namespaces are the container's own.
struct OwnNamespaces {
    bool network = true;
    bool ipc = true;
    bool uts = true;
};

/// NAME=VALUE, the name with dots or slashes. Throws Error for a setting that is the whole machine's, or belongs to a
/// namespace that the container shares.
std::pair<std::string, std::string> parse_sysctl_option(const std::string& option, const OwnNamespaces& own);
/// The same for a default, which does not concern a container that shares the namespace: nullopt then.
std::optional<std::pair<std::string, std::string>> parse_default_sysctl(const std::string& option, const OwnNamespaces& own);

} // namespace lib
