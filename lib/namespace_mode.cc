// The words of the namespace options; see lib/namespace_mode.h.
#include "lib/namespace_mode.h"

#include "base/error.h"

#include <algorithm>
#include <array>

namespace lib {
namespace {

constexpr std::string_view container_prefix = "container:";
constexpr std::string_view path_prefix = "ns:";

/// What each option takes besides private, host, container:NAME and ns:PATH.
std::string_view further_words(std::string_view option) {
    if (option == "ipc") return "none shareable";
    if (option == "network") return "default none";
    return "";
}

bool is_among(std::string_view word, std::string_view words) {
    while (!words.empty()) {
        const std::string_view first = words.substr(0, words.find(' '));
        if (first == word) return true;
        words.remove_prefix(std::min(first.size() + 1, words.size()));
    }
    return false;
}

std::string default_word(std::string_view option) {
    if (option == "ipc") return "shareable"; // containers.conf(5), ipcns
    if (option == "network") return "default";
    return "private";
}

[[noreturn]] void refuse(std::string_view option, const std::string& text) {
    if (option == "network" && !text.empty())
        throw Error("--network=", text, " is not supported yet, only default, private, pasta, slirp4netns, none, host, container:NAME and ns:PATH are");
    std::string words(further_words(option));
    std::ranges::replace(words, ' ', ',');
    throw Error("--", option, "=", text, ": expected private, host, container:NAME or ns:PATH", words.empty() ? "" : " (or ", words,
                words.empty() ? "" : ")");
}

} // namespace

NamespaceMode parse_namespace_mode(std::string_view option, const std::string& text) {
    if (text.empty()) return {NamespaceKind::own, "", default_word(option)};
    if (text == "host") return {NamespaceKind::host, "", text};
    if (text == "private") return {NamespaceKind::own, "", option == "network" ? "default" : text};
    if (is_among(text, further_words(option))) return {NamespaceKind::own, "", text};
    for (const auto& [prefix, kind] : {std::pair{container_prefix, NamespaceKind::container}, std::pair{path_prefix, NamespaceKind::path}}) {
        if (!text.starts_with(prefix)) continue;
        const std::string target = text.substr(prefix.size());
        if (target.empty()) throw Error("--", option, "=", text, ": ", prefix == path_prefix ? "the path" : "the container", " is missing");
        if (kind == NamespaceKind::path && !target.starts_with('/')) throw Error("--", option, "=", text, ": an absolute path is needed");
        return {kind, target, text};
    }
    refuse(option, text);
}

std::vector<oci::Namespace> spec_namespaces(const NamespaceModes& modes) {
    std::vector<oci::Namespace> entries;
    for (const char* type : {"user", "pid", "ipc", "uts", "cgroup", "network"}) {
        const auto mode = modes.find(type);
        if (mode == modes.end() || mode->second.kind == NamespaceKind::own) entries.push_back({type, ""});
        else if (mode->second.kind == NamespaceKind::container) entries.push_back({type, cat(container_prefix, mode->second.target)});
        else if (mode->second.kind == NamespaceKind::path) entries.push_back({type, mode->second.target});
    }
    return entries;
}

std::string named_container(const oci::Namespace& entry) {
    return entry.path.starts_with(container_prefix) ? entry.path.substr(container_prefix.size()) : "";
}

} // namespace lib
