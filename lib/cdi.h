// The Container Device Interface: files of vendors that say what a container needs to use a device of theirs.
//
// JSON files (*.json) of the specification's versions 0.x and 1.x in the given directories; in a later directory a device of
// the same name wins. What an ordinary user's container cannot have is an Error: hooks run programs on the host with what
// the container has mounted, and this engine runs none.
#pragma once

#include "base/oci/runtime_spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

/// What the devices ask for.
struct CdiEdits {
    std::vector<std::string> env;        ///< KEY=VALUE
    std::vector<oci::Mount> mounts;      ///< device nodes as binds, too
    std::vector<std::uint32_t> groups;   ///< additionalGids
};

/// The directories of the specification, the weakest first.
std::vector<std::string> default_cdi_directories();

/// Reads the files of `directories` and collects what the named devices ("vendor.com/class=name") ask for. Throws Error
/// naming a device that no file knows, or the file and member that cannot be honoured.
CdiEdits resolve_cdi_devices(const std::vector<std::string>& names, const std::vector<std::string>& directories);

} // namespace lib
