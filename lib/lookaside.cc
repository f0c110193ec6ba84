// See lib/lookaside.h.
#include "lib/lookaside.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/json_fields.h"
#include "base/sys.h"
#include "lib/trust_policy.h"
#include "lib/yaml_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace lib {
namespace {

std::string home() {
    const char* home = std::getenv("HOME");
    return home != nullptr ? home : "";
}

/// Paths and texts of the files that count.
std::vector<std::pair<std::string, std::string>> read_files() {
    const std::string own = home() + "/.config/containers/registries.d";
    const std::string dir = sys::find_stat_at(AT_FDCWD, own) ? own : "/etc/containers/registries.d";
    std::vector<std::string> names = files::list(AT_FDCWD, dir);
    std::ranges::sort(names);
    std::vector<std::pair<std::string, std::string>> texts;
    for (const std::string& name : names)
        if (name.ends_with(".yaml")) texts.emplace_back(cat(dir, "/", name), files::read(cat(dir, "/", name)));
    return texts;
}

std::string place_in(const oci::Fields& entry) {
    for (const char* name : {"lookaside-staging", "sigstore-staging", "lookaside", "sigstore"})
        if (std::string place = entry.text(name); !place.empty()) return place;
    return {};
}

std::string directory_of(const std::string& url) {
    constexpr std::string_view scheme = "file://";
    if (!url.starts_with(scheme) || !url.substr(scheme.size()).starts_with('/'))
        throw Error("signatures cannot be written to ", oci::printable(url), " of registries.d, only to file:///DIR: name one as lookaside-staging there");
    std::string path = url.substr(scheme.size());
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

} // namespace

std::string find_lookaside(const std::string& text, const std::string& file, LookasideEntry entry, const std::string& scope) {
    const nlohmann::json document = parse_yaml_text(text, file);
    const oci::Fields fields(document, file);
    if (entry == LookasideEntry::fallback) {
        const auto fallback = fields.object("default-docker");
        return fallback ? place_in(*fallback) : "";
    }
    const auto docker = fields.object("docker");
    const auto found = docker ? docker->object(scope.c_str()) : std::nullopt;
    return found ? place_in(*found) : "";
}

std::string lookaside_for_writing(const oci::Reference& reference) {
    const auto texts = read_files();
    const auto find = [&](LookasideEntry entry, const std::string& scope) {
        for (const auto& [file, text] : texts)
            if (std::string place = find_lookaside(text, file, entry, scope); !place.empty()) return place;
        return std::string();
    };
    for (const std::string& scope : registry_origin(reference).scopes)
        if (const std::string place = find(LookasideEntry::scope, scope); !place.empty()) return directory_of(place);
    if (const std::string place = find(LookasideEntry::fallback, {}); !place.empty()) return directory_of(place);
    return ::geteuid() == 0 ? "/var/lib/containers/sigstore" : home() + "/.local/share/containers/sigstore";
}

} // namespace lib
