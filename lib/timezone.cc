// `--tz`, see lib/timezone.h.
#include "lib/timezone.h"

#include "base/error.h"
#include "base/files.h"

#include <cstdlib>

namespace lib {
namespace {

constexpr std::size_t zone_limit = 1 << 20; ///< bytes; the largest zone file has a few thousand
constexpr const char* zone_magic = "TZif";  ///< RFC 8536, section 3.1

/// Nothing but names of files below the directory.
bool is_zone_name(const std::string& name) {
    if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) return false;
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-") == std::string::npos;
}

} // namespace

std::string read_timezone(const std::string& name, const std::string& directory) {
    if (name != "local" && !is_zone_name(name)) throw Error("--tz ", name, ": a name such as Europe/Berlin is needed, or local");
    const std::string path = name == "local" ? "/etc/localtime" : cat(directory, "/", name);
    const auto text = files::find(path, zone_limit);
    if (!text && name == "local") throw Error("--tz local: this machine has no ", path);
    if (!text) throw Error("--tz ", name, ": there is no such time zone in ", directory, "; the package tzdata has them");
    if (!text->starts_with(zone_magic)) throw Error("--tz ", name, ": ", path, " is not a time zone file");
    return *text;
}

std::string read_timezone(const std::string& name) {
    const char* variable = std::getenv("TZDIR");
    return read_timezone(name, variable != nullptr && *variable != '\0' ? variable : "/usr/share/zoneinfo");
}

} // namespace lib
