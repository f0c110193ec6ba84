// Reading one small file through a stack of layers, with the overlay file system's rules and without mounting it.
//
// `run` looks up users in the image's /etc/passwd and /etc/group this way, as the user on the host, before there is any
// container. The content is the image author's: symbolic links resolve inside the merged tree and never outside, and
// only regular files are opened (a FIFO or device there must not stop or surprise us).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace storage {

/// The content of the regular file at `path` (absolute or relative to the image's root). `layers`: descriptors of the
/// layers' trees, topmost first. nullopt: no such file. Throws Error when it is not a regular file, larger than `limit`
/// bytes, or behind too many symbolic links; SysError when it cannot be read.
std::optional<std::string> find_file(std::span<const int> layers, const std::string& path, std::size_t limit);

/// Whether `path` leads to a directory in the merged tree.
bool has_directory(std::span<const int> layers, const std::string& path);

} // namespace storage
