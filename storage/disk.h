// What the file system below the store can hold.
#pragma once

#include <sys/statvfs.h>

#include <cstdint>
#include <string>

class SysError;

namespace storage {

/// Throws Error where the user has less than `bytes` left on the file system of `directory`: better said before an hour of
/// downloading than after it.
void check_room(const std::string& directory, std::uint64_t bytes);

/// Of a write that failed: what has run out on the file system of `path`, in words that follow the error's own ("; no inodes are left
/// on …"). Empty where nothing has.
std::string what_ran_out(int error, const std::string& path);
/// The same with numbers that are known, for its test.
std::string what_ran_out(int error, const struct statvfs& disk, const std::string& path);

/// Throws an Error with that and the way out where the store's disk, which `directory` is on, has made the error; else comes back.
void explain_full_store(const SysError& error, const std::string& directory);

/// Throws Error for a file system that cannot keep the owners of an image's files, or whose server does not know our user
/// namespace: NFS, SMB, FAT and the like (statfs(2), f_type).
void check_file_system(const std::string& directory);

/// The name of one that will not do, nullptr for all others. For check_file_system and its test.
const char* unsuitable_file_system(std::uint32_t f_type) noexcept;

} // namespace storage
