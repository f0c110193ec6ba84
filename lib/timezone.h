// `--tz`: the file that becomes a container's /etc/localtime.
#pragma once

#include <string>

namespace lib {

/// The content of the zone file: "local" is this machine's /etc/localtime, anything else a name below `directory`
/// (/usr/share/zoneinfo; $TZDIR where that is set, as with tzset(3)). Throws Error for what is no time zone.
std::string read_timezone(const std::string& name);
std::string read_timezone(const std::string& name, const std::string& directory);

} // namespace lib
