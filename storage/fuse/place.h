// Where a file is on disk, and system calls on it that take paths only. Private to storage/fuse.
#pragma once

#include "storage/fuse/node.h"
#include "storage/owner_shift.h"

#include <string>

namespace storage::fuse {

/// `name` in the directory `fd`, or, where it is empty, what `fd` itself is open on.
struct Place {
    FdPtr fd;
    std::string name;

    int dir() const noexcept { return fd->get(); }
    /// For the calls that know no directory descriptors. The kernel resolves the first part as the descriptor's file.
    std::string path() const;

    int stat(struct stat& st) const noexcept; ///< 0 or errno, like all of these
    int chmod(mode_t mode) const;
    int chown(uid_t uid, gid_t gid) const noexcept;
    int set_times(const struct timespec times[2]) const noexcept;
    ssize_t get_attribute(const char* attribute, void* value, std::size_t size) const; ///< as getxattr(2)
    ssize_t list_attributes(char* list, std::size_t size) const;
    int set_attribute(const char* attribute, const void* value, std::size_t size, int flags) const;
    int remove_attribute(const char* attribute) const;
};

/// All attributes that are not the overlay's own, from one file to another.
int copy_attributes(const Place& from, const Place& to, const IdShift* shift);

} // namespace storage::fuse
