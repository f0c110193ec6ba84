// A directory of ours with a lock and a trash, which are all on one file system, so that things come and go by renames.
//
// The data root is one, with containers and volumes, and so is the image root (storage/store.h). They are the same directory
// unless --imagestore says otherwise.
#pragma once

#include "base/lock.h"

#include <string>
#include <utility>
#include <vector>

namespace storage {

class Root {
public:
    explicit Root(std::string dir) : dir_(std::move(dir)) {}

    /// Makes the directories that everything else needs. Throws Error for a file system that cannot keep our files.
    void ensure() const;
    /// Absolute path of something below it.
    std::string path(const std::string& relative) const { return dir_ + "/" + relative; }
    const std::string& dir() const noexcept { return dir_; }

    /// Moves `relative` (a path below it) into trash/; false when it is not there.
    bool discard(const std::string& relative) const;
    /// Unlinks what is in trash/. Files there have subordinate owners: call it inside the user namespace, where nobody
    /// waits for it, and not just before unpacking (ext4 is slow to reuse inodes it has just freed).
    void empty_trash() const;

    /// The lock, shared: held for the instant in which a new object must not look like garbage.
    FileLock lock_shared() const;
    /// Exclusively: nothing new is being made meanwhile. For whoever decides what is garbage.
    FileLock lock_exclusive() const;

private:
    std::string dir_;
};

/// The directories below a data root that have containers: for good, and for this boot (--transient-store).
std::vector<std::string> container_places(const std::string& boot_id);

} // namespace storage
