// See storage/disk.h.
#include "storage/disk.h"

#include "base/error.h"
#include "base/human_size.h"

#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <cerrno>

namespace storage {
namespace {

constexpr std::uint32_t cifs_magic = 0xff534d42; ///< fs/smb/client/cifsglob.h

} // namespace

void check_room(const std::string& directory, std::uint64_t bytes) {
    struct statvfs disk {};
    if (::statvfs(directory.c_str(), &disk) != 0) throw SysError{errno, cat("look at the file system of ", directory)};
    const std::uint64_t left = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    if (left < bytes)
        throw Error("no room: at least ", human_size(bytes), " are needed, and the file system of ", directory, " has ", human_size(left),
                    " left; ctl system prune frees what is not used, --root takes another directory");
}

std::string what_ran_out(int error, const struct statvfs& disk, const std::string& path) {
    if (error == EDQUOT) return cat("; your quota on the file system of ", path, " is used up");
    if (error != ENOSPC) return "";
    // Btrfs and others that make inodes as they go say 0 of 0.
    if (disk.f_files > 0 && disk.f_favail == 0) return cat("; no inodes are left on the file system of ", path, " (df -i)");
    return cat("; the file system of ", path, " is full");
}

std::string what_ran_out(int error, const std::string& path) {
    struct statvfs disk {};
    return ::statvfs(path.c_str(), &disk) == 0 ? what_ran_out(error, disk, path) : "";
}

void explain_full_store(const SysError& error, const std::string& directory) {
    const std::string what = what_ran_out(error.err(), directory);
    if (!what.empty()) throw Error(error.what(), what, ": ctl system prune frees what is not used, --root takes another directory");
}

const char* unsuitable_file_system(std::uint32_t f_type) noexcept {
    switch (f_type) {
    case NFS_SUPER_MAGIC: return "NFS";
    case SMB_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case cifs_magic: return "SMB";
    case AFS_SUPER_MAGIC: return "AFS";
    case MSDOS_SUPER_MAGIC: return "FAT";
    case EXFAT_SUPER_MAGIC: return "exFAT";
    default: return nullptr;
    }
}

void check_file_system(const std::string& directory) {
    struct statfs status {};
    if (::statfs(directory.c_str(), &status) != 0) throw SysError{errno, cat("look at the file system of ", directory)};
    if (const char* name = unsuitable_file_system(static_cast<std::uint32_t>(status.f_type)))
        throw Error(directory, " is on ", name, ", which cannot keep files of subordinate ids; use a directory on a local disk, for "
                    "example ctl --root /var/tmp/", "$USER-ctl (CTL_ROOT in the environment does the same)");
}

} // namespace storage
