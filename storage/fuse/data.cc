// Content: which descriptor to read and write, and what a change of it means for the attributes. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "storage/fuse/whiteout.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

namespace storage::fuse {

int Overlay::open_content(Node& node, Access access, FdPtr& fd, off_t keep) {
    if (access == Access::write)
        if (const int error = copy_up(node, keep)) return error;
    if ((fd = cache_.find(node, FdCache::content))) return 0;
    const TreeLock lock(mutex_);
    Place place;
    if (const int error = place_of(lock, node, place)) return error;
    const int flags = (node.upper ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC; // a FIFO would have to be one of ours
    UniqueFd opened(place.name.empty() ? ::open(place.path().c_str(), flags | O_NOATIME)
                                       : ::openat(place.dir(), place.name.c_str(), flags | O_NOATIME | O_NOFOLLOW));
    if (!opened && errno == EPERM) // O_NOATIME is for the owner
        opened.reset(place.name.empty() ? ::open(place.path().c_str(), flags)
                                        : ::openat(place.dir(), place.name.c_str(), flags | O_NOFOLLOW));
    if (!opened) return errno;
    fd = std::make_shared<UniqueFd>(std::move(opened));
    cache_.put(node, FdCache::content, fd);
    return 0;
}

int Overlay::written(Node& node, SetIds set_ids, bool& changed_mode) {
    const TreeLock lock(mutex_);
    const mode_t before = node.st.st_mode;
    node.stale = true;
    changed_mode = false;
    if ((before & (S_ISUID | S_ISGID)) == 0) return 0;
    if (const int error = refresh(lock, node)) return error;
    // Set-group-id without group execution is a mark for mandatory locking and stays (kernel, setattr_should_drop_sgid).
    const mode_t dropped = S_ISUID | ((before & S_IXGRP) != 0 ? S_ISGID : 0U);
    const mode_t wanted = set_ids == SetIds::drop ? before & ~dropped : set_ids == SetIds::keep ? before : node.st.st_mode;
    changed_mode = wanted != before;
    if (wanted == node.st.st_mode) return 0;
    Place place;
    if (const int error = upper_place_of(lock, node, place)) return error;
    node.stale = true;
    return place.chmod(wanted & 07777);
}

bool Overlay::is_end(Node& node, off_t offset) {
    const TreeLock lock(mutex_);
    return !node.stale && node.st.st_size == offset;
}

int Overlay::sync(Node& node, bool content_only) {
    if (volatile_ || !node.upper) return 0;
    FdPtr fd;
    if (!node.is_dir()) {
        if (const int error = open_content(node, Access::read, fd)) return error;
    } else {
        const TreeLock lock(mutex_);
        if (node.names.empty() && &node != root_) return 0; // removed
        int error = 0;
        if (!(fd = dir_fd(lock, node, upper_layer, error))) return error;
    }
    return slow_work_([&] { return (content_only ? ::fdatasync(fd->get()) : ::fsync(fd->get())) == 0 ? 0 : errno; });
}

} // namespace storage::fuse
