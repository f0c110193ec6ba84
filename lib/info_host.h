// The part of `ctl info` that tells about the machine.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lib {

/// Podman's fields of "host", without the id maps.
nlohmann::json host_document();

/// "extfs", "tmpfs", …: the file system of a directory, by Podman's names; its number in hexadecimal for unknown ones.
std::string file_system_name(const std::string& directory);

} // namespace lib
