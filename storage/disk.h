// What the file system below the store can hold.
#pragma once

#include <cstdint>
#include <string>

namespace storage {

/// Throws Error where the user has less than `bytes` left on the file system of `directory`: better said before an hour of
/// downloading than after it.
void check_room(const std::string& directory, std::uint64_t bytes);

/// Throws Error for a file system that cannot keep the owners of an image's files, or whose server does not know our user
/// namespace: NFS, SMB, FAT and the like (statfs(2), f_type).
void check_file_system(const std::string& directory);

/// The name of one that will not do, nullptr for all others. For check_file_system and its test.
const char* unsuitable_file_system(std::uint32_t f_type) noexcept;

} // namespace storage
