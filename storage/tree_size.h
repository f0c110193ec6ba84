// How much room a tree takes.
#pragma once

#include <cstdint>
#include <string>

namespace storage {

/// Bytes that a tree has on disk: allocated blocks of files and directories, each inode once, mounts and symbolic links
/// not followed. What vanishes meanwhile does not count; a missing tree is 0. Files of subordinate ids need the user
/// namespace. Throws SysError for what cannot be read.
std::uint64_t tree_size(const std::string& path);

} // namespace storage
