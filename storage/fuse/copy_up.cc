// Copy-up: a file or directory of a lower layer gets an equal in the upper one, and names of files with several names one by one.
// See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "storage/fuse/copy_content.h"
#include "storage/fuse/whiteout.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace storage::fuse {
namespace {

constexpr off_t quick_copy = 256 << 10; ///< bytes

int to_errno(int value) noexcept { return value == 0 ? 0 : errno; }

} // namespace

/// Time stamps of a directory as before: something below was copied up, which is no change to anybody who looks.
int Overlay::utime_back(const Place& place, const struct stat& before) {
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    return place.set_times(times);
}

/// Owner, mode, attributes and times of a lower file, to its copy.
int Overlay::copy_metadata(const TreeLock&, Node& node, const Place& from, const Place& to) {
    struct stat st {};
    if (const int error = to.stat(st)) return error;
    if (st.st_uid != node.st.st_uid || st.st_gid != node.st.st_gid)
        if (const int error = to.chown(node.st.st_uid, node.st.st_gid)) return error == EINVAL ? EOVERFLOW : error;
    if (const int error = copy_attributes(from, to, shift_of(node))) return error; // after chown(2), which drops capabilities
    if (!S_ISLNK(node.st.st_mode))
        if (const int error = to.chmod(node.st.st_mode & 07777)) return error;
    if (S_ISREG(node.st.st_mode)) {
        const std::string origin = std::to_string(static_cast<std::int64_t>(node.shown_inode));
        if (const int error = to.set_attribute(origin_attribute, origin.data(), origin.size(), 0)) return error;
    }
    const struct timespec times[2] = {node.st.st_atim, node.st.st_mtim};
    return to.set_times(times);
}

/// A file of any kind, and what is above it. `keep`: of its content, the bytes that matter.
int Overlay::copy_up(Node& node, off_t keep) {
    if (const int error = writable()) return error;
    if (node.upper) return 0;
    if (!S_ISREG(node.st.st_mode)) {
        const TreeLock lock(mutex_);
        if (node.upper) return 0;
        return node.is_dir() ? copy_up_parents(lock, node) : copy_up_other(lock, node);
    }
    std::unique_lock<std::mutex> copying(node.copying, std::try_to_lock);
    if (!copying) {
        before_wait_();
        copying.lock();
    }
    if (node.upper) return 0;
    FdPtr from;
    if (const int error = open_content(node, Access::read, from)) return error;
    auto copy = std::make_shared<UniqueFd>(::openat(temporary_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    std::string name; // where the file system has no unnamed files
    if (!*copy && (errno == EOPNOTSUPP || errno == EINVAL || errno == EISDIR)) {
        const TreeLock lock(mutex_);
        name = temporary_name();
        copy->reset(::openat(temporary_.get(), name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    }
    if (!*copy) return errno;
    const off_t size = keep < 0 ? node.st.st_size : std::min(keep, node.st.st_size);
    const auto copy_it = [&] { return copy_content(from->get(), copy->get(), size); };
    int error = size <= quick_copy ? copy_it() : slow_work_(copy_it);
    if (error == 0) {
        const TreeLock lock(mutex_);
        Place source;
        error = place_of(lock, node, source);
        if (error == 0) error = copy_metadata(lock, node, source, {copy, ""});
        if (error == 0) error = publish_unnamed(lock, node, copy);
    }
    if (!name.empty()) ::unlinkat(temporary_.get(), name.c_str(), 0);
    return error;
}

/// All directories above and `dir` itself.
int Overlay::copy_up_parents(const TreeLock& lock, Node& dir) {
    std::vector<Node*> missing;
    for (Node* at = &dir; !at->upper; at = at->parent) missing.push_back(at);
    for (; !missing.empty(); missing.pop_back())
        if (const int error = copy_up_dir(lock, *missing.back())) return error;
    return 0;
}

int Overlay::copy_up_dir(const TreeLock& lock, Node& dir) {
    if (dir.names.empty()) return ENOENT; // removed
    Place from;
    if (const int error = place_of(lock, dir, from)) return error;
    const std::string name = temporary_name();
    if (::mkdirat(temporary_.get(), name.c_str(), 0700) != 0) return errno;
    const Place made{std::make_shared<UniqueFd>(::openat(temporary_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), ""};
    int error = *made.fd ? copy_metadata(lock, dir, from, made) : errno;
    Place above;
    struct stat before {};
    if (error == 0) error = upper_place_of(lock, *dir.parent, above);
    if (error == 0) error = above.stat(before);
    if (error == 0) error = to_errno(::renameat2(temporary_.get(), name.c_str(), above.dir(), dir.name.c_str(), RENAME_NOREPLACE));
    if (error != 0) {
        ::unlinkat(temporary_.get(), name.c_str(), AT_REMOVEDIR);
        return error;
    }
    utime_back(above, before);
    Entry& entry = *dir.names.front();
    entry.layer = upper_layer;
    entry.dir_layers.insert(entry.dir_layers.begin(), upper_layer);
    dir.dir->layers.insert(dir.dir->layers.begin(), upper_layer);
    dir.upper = true;
    dir.stale = true;
    dir.parent->stale = true;
    cache_.put(dir, upper_layer, made.fd);
    return 0;
}

/// Symbolic links and special files: no content.
int Overlay::copy_up_other(const TreeLock& lock, Node& node) {
    Place from;
    if (const int error = place_of(lock, node, from)) return error;
    const std::string name = temporary_name();
    if (S_ISLNK(node.st.st_mode)) {
        std::string target(static_cast<std::size_t>(node.st.st_size) + 1, '\0');
        const ssize_t length = ::readlinkat(from.dir(), from.name.c_str(), target.data(), target.size());
        if (length < 0) return errno;
        target.resize(static_cast<std::size_t>(length));
        if (::symlinkat(target.c_str(), temporary_.get(), name.c_str()) != 0) return errno;
    } else if (::mknodat(temporary_.get(), name.c_str(), (node.st.st_mode & S_IFMT) | 0600, node.st.st_rdev) != 0) {
        return errno;
    }
    const Place copy{std::make_shared<UniqueFd>(::openat(temporary_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)), ""};
    int error = *copy.fd ? copy_metadata(lock, node, from, copy) : errno;
    if (error == 0) error = publish(lock, node, node.names.empty() ? nullptr : node.names.front(), {std::make_shared<UniqueFd>(::fcntl(temporary_.get(), F_DUPFD_CLOEXEC, 3)), name});
    if (error == 0) node.pinned = true;
    ::unlinkat(temporary_.get(), name.c_str(), 0); // links are left where it has others
    return error;
}

/// Gives the copy its name in the upper directory, or none where the file has lost all of its own.
int Overlay::publish(const TreeLock& lock, Node& node, Entry* entry, const Place& copy) {
    const FdPtr held = std::make_shared<UniqueFd>(::openat(copy.dir(), copy.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!*held) return errno;
    const auto lower_links = static_cast<std::int64_t>(node.st.st_nlink);
    if (entry != nullptr) {
        if (const int error = copy_up_parents(lock, *entry->dir)) return error;
        Place above;
        struct stat before {};
        if (const int error = upper_place_of(lock, *entry->dir, above)) return error;
        if (const int error = above.stat(before)) return error;
        if (::renameat2(copy.dir(), copy.name.c_str(), above.dir(), entry->name.c_str(), RENAME_NOREPLACE) != 0) return errno;
        utime_back(above, before);
        entry->layer = upper_layer;
        entry->dir->stale = true;
    } else {
        node.anchor = held;
    }
    node.lower_names = std::max<std::int64_t>(0, lower_links - 1);
    node.upper = true;
    node.stale = true;
    if (node.lower_names > 0 && !node.anchor) node.anchor = held; // its other names are nowhere on disk
    return 0;
}

/// The same for the content of a regular file, which is unnamed or has a temporary name.
int Overlay::publish_unnamed(const TreeLock& lock, Node& node, const FdPtr& copy) {
    const Place place{copy, ""};
    const auto lower_links = static_cast<std::int64_t>(node.st.st_nlink);
    if (lower_links > 1)
        if (const int error = add_to_index(lock, node, place)) return error;
    if (!node.names.empty()) {
        Entry& entry = *node.names.front();
        if (const int error = copy_up_parents(lock, *entry.dir)) return error;
        Place above;
        struct stat before {};
        if (const int error = upper_place_of(lock, *entry.dir, above)) return error;
        if (const int error = above.stat(before)) return error;
        if (::linkat(AT_FDCWD, place.path().c_str(), above.dir(), entry.name.c_str(), AT_SYMLINK_FOLLOW) != 0) return errno;
        utime_back(above, before);
        entry.layer = upper_layer;
        entry.dir->stale = true;
    } else {
        node.anchor = copy;
    }
    node.lower_names = node.names.empty() ? lower_links : lower_links - 1;
    node.upper = true;
    node.stale = true;
    cache_.put(node, FdCache::content, copy);
    if (node.index_name.empty()) return 0;
    struct stat st {};
    if (const int error = place.stat(st)) return error;
    add_key(lock, node, {upper_layer, st.st_dev, st.st_ino});
    return save_lower_names(lock, node);
}

int Overlay::add_to_index(const TreeLock&, Node& node, const Place& copy) {
    // The key it was found by has the lower inode number, also where another file system's is shown.
    const std::string name = std::to_string(layers_.size() - node.layer) + "-" + std::to_string(node.keys.front().inode);
    if (::linkat(AT_FDCWD, copy.path().c_str(), index_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST) return errno;
    node.index_name = name;
    has_index_ = true;
    return 0;
}

int Overlay::save_lower_names(const TreeLock& lock, Node& node) {
    if (node.index_name.empty()) return 0;
    Place place;
    if (const int error = upper_place_of(lock, node, place)) return error;
    const std::string text = std::to_string(node.lower_names) + " " + node.index_name;
    return place.set_attribute(links_attribute, text.data(), text.size(), 0);
}

/// A name below of a file that was copied up under another: now in the upper directory as well.
int Overlay::materialize(const TreeLock& lock, Entry& entry) {
    if (entry.in_upper()) return 0;
    Node& node = *entry.node;
    if (const int error = copy_up_parents(lock, *entry.dir)) return error;
    Place from, above;
    struct stat before {};
    if (const int error = upper_place_of(lock, node, from)) return error;
    if (const int error = upper_place_of(lock, *entry.dir, above)) return error;
    if (const int error = above.stat(before)) return error;
    const int linked = from.name.empty() ? ::linkat(AT_FDCWD, from.path().c_str(), above.dir(), entry.name.c_str(), AT_SYMLINK_FOLLOW)
                                         : ::linkat(from.dir(), from.name.c_str(), above.dir(), entry.name.c_str(), 0);
    if (linked != 0) return errno;
    utime_back(above, before);
    entry.layer = upper_layer;
    entry.dir->stale = true;
    --node.lower_names;
    node.stale = true;
    return save_lower_names(lock, node);
}

} // namespace storage::fuse
