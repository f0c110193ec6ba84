// Extended attributes of files of any type, read and copied without following or opening anything. Private to storage/.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storage {

/// Attributes the overlay or the security modules keep for themselves: not content.
bool is_internal_attribute(std::string_view name);

/// "/proc/self/fd/N": what a descriptor stands for, as a path for calls that take no O_PATH descriptor. A descriptor of a
/// symbolic link stands for the link.
std::string fd_path(int fd);

/// The attributes of what is at `path` (an fd_path), without internal ones. `name` is for errors.
std::vector<std::pair<std::string, std::string>> read_attributes(const std::string& path, const std::string& name);

/// Sets them on what is at `to`; what the file system or the user namespace refuses is left out.
void copy_attributes(const std::string& from, const std::string& to, const std::string& name);

} // namespace storage
