// --pid, --ipc, --uts, --network and --cgroupns: whose namespace a container is in (podman-run(1)).
#pragma once

#include "base/oci/runtime_spec.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

enum class NamespaceKind {
    own,       ///< a new one
    host,      ///< the caller's
    container, ///< another container's; `target` is its name, or its id once looked up
    path,      ///< the one at `target`, a path of the host
};

struct NamespaceMode {
    NamespaceKind kind = NamespaceKind::own;
    std::string target;
    std::string word; ///< as records and inspect show it: "private", "shareable", "none", "host", "container:ID", "ns:PATH"
    bool operator==(const NamespaceMode&) const = default;
};

/// The namespaces that have an option of their own, by the runtime spec's type: user, pid, ipc, uts, network, cgroup.
using NamespaceModes = std::map<std::string, NamespaceMode, std::less<>>;

/// What `option` (without the dashes) says; an empty text is the default. Throws Error naming the words that are known.
NamespaceMode parse_namespace_mode(std::string_view option, const std::string& text);

/// The entries of linux.namespaces, "mount" left to the caller. A container is named "container:ID" in the place of
/// the path: where its namespace is found is known when it runs (lib/namespaces.h).
std::vector<oci::Namespace> spec_namespaces(const NamespaceModes& modes);

/// The id of the container that such an entry names, empty for others.
std::string named_container(const oci::Namespace& entry);

} // namespace lib
