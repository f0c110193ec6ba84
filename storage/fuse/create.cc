// Making files, directories and links, in place or over a whiteout. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "storage/fuse/whiteout.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace storage::fuse {

struct Overlay::NewFile {
    mode_t mode; ///< with the type
    dev_t device;
    const char* target; ///< of a symbolic link
    const Caller& caller;
};

namespace {

constexpr const char* default_acl = "system.posix_acl_default";

int to_errno(int result) noexcept { return result == 0 ? 0 : errno; }

/// The thing itself. `content` is its descriptor where it is a regular file.
int make_at(int at, const char* name, mode_t mode, dev_t device, const char* target, FdPtr& content) {
    if (S_ISDIR(mode)) return to_errno(::mkdirat(at, name, mode & 07777));
    if (S_ISLNK(mode)) return to_errno(::symlinkat(target, at, name));
    if (!S_ISREG(mode)) return to_errno(::mknodat(at, name, mode, device));
    UniqueFd fd(::openat(at, name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOATIME, mode & 07777));
    if (!fd) return errno;
    content = std::make_shared<UniqueFd>(std::move(fd));
    return 0;
}

void remove_at(int at, const char* name, mode_t mode) { ::unlinkat(at, name, S_ISDIR(mode) ? AT_REMOVEDIR : 0); }

struct Owner {
    uid_t uid;
    gid_t gid;
};

/// What is right for a file of `mode`, made as `have`: owner, and the bits that changing the owner takes away.
int give_owner(const Place& place, Owner have, Owner want, mode_t mode) {
    if (have.uid != want.uid || have.gid != want.gid)
        if (const int error = place.chown(want.uid, want.gid)) return error;
    // mkdir(2) ignores set-ids, chown(2) takes them from files.
    return (mode & 06000) != 0 && !S_ISLNK(mode) ? place.chmod(mode & 07777) : 0;
}

} // namespace

bool Overlay::has_default_acl(const TreeLock& lock, Node& dir) {
    if (dir.default_acl == Known::unknown) {
        Place place;
        if (upper_place_of(lock, dir, place) != 0) return false;
        dir.default_acl = place.get_attribute(default_acl, nullptr, 0) > 0 ? Known::yes : Known::no;
    }
    return dir.default_acl == Known::yes;
}

/// Before something is made in `dir`: it is in the upper directory, and what is known of the name.
int Overlay::prepare_dir(const TreeLock& lock, Node& dir, const char* name, Entry*& existing, Place& above) {
    if (const int error = writable()) return error;
    if (const int error = load(lock, dir)) return error;
    if (dir.names.empty() && &dir != root_) return ENOENT; // removed
    existing = find_entry(dir, name);
    if (existing != nullptr && existing->visible()) return EEXIST;
    if (const int error = copy_up_parents(lock, dir)) return error;
    return upper_place_of(lock, dir, above);
}

int Overlay::create(Node& dir, const char* name, const NewFile& asked, Found& found) {
    const TreeLock lock(mutex_);
    Entry* existing = nullptr;
    Place above;
    if (const int error = prepare_dir(lock, dir, name, existing, above)) return error;
    NewFile file = asked;
    if (!has_default_acl(lock, dir)) file.mode &= ~(asked.caller.umask & 0777);
    const bool inherits_group = (dir.st.st_mode & S_ISGID) != 0;
    if (inherits_group && S_ISDIR(file.mode)) file.mode |= S_ISGID;
    FdPtr content;
    int error = 0;
    if (existing != nullptr && (existing->whiteout || (existing->has_lower && S_ISDIR(file.mode)))) {
        error = create_temporary(lock, dir, *existing, file, content);
    } else {
        error = make_at(above.dir(), name, file.mode, file.device, file.target, content);
        if (error != 0) return error;
        const Owner want{file.caller.uid, inherits_group ? dir.st.st_gid : file.caller.gid};
        error = give_owner({above.fd, name}, {0, inherits_group ? want.gid : 0}, want, file.mode);
        if (error != 0) remove_at(above.dir(), name, file.mode);
    }
    return error != 0 ? error : created(lock, dir, name, file, std::move(content), found);
}

/// Where a whiteout has to go or a directory below has to stay hidden: complete under a temporary name, then moved.
int Overlay::create_temporary(const TreeLock& lock, Node& dir, Entry& entry, const NewFile& file, FdPtr& content) {
    const std::string name = temporary_name();
    std::string outer; // a directory with the default ACL that the new file is to inherit
    FdPtr at = std::make_shared<UniqueFd>(::fcntl(temporary_.get(), F_DUPFD_CLOEXEC, 3));
    if (has_default_acl(lock, dir)) {
        std::array<char, 4096> acl;
        Place above;
        if (const int error = upper_place_of(lock, dir, above)) return error;
        const ssize_t size = above.get_attribute(default_acl, acl.data(), acl.size());
        if (size < 0) return errno;
        outer = temporary_name();
        if (::mkdirat(temporary_.get(), outer.c_str(), 0700) != 0) return errno;
        at->reset(::openat(temporary_.get(), outer.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (const int error = Place{at, ""}.set_attribute(default_acl, acl.data(), static_cast<std::size_t>(size), 0)) return error;
    }
    int error = make_at(at->get(), name.c_str(), file.mode, file.device, file.target, content);
    if (error == 0) {
        const Place made{at, name};
        const bool inherits_group = (dir.st.st_mode & S_ISGID) != 0;
        error = give_owner(made, {0, 0}, {file.caller.uid, inherits_group ? dir.st.st_gid : file.caller.gid}, file.mode);
        if (error == 0 && S_ISDIR(file.mode)) error = made.set_attribute(opaque_attribute, "y", 1, 0);
        if (error == 0) error = put_in_place(lock, at->get(), name, entry, S_ISDIR(file.mode));
        if (error != 0) remove_at(at->get(), name.c_str(), file.mode);
    }
    if (!outer.empty()) ::unlinkat(temporary_.get(), outer.c_str(), AT_REMOVEDIR);
    return error;
}

/// Moves what is complete to a place that has a whiteout or nothing in the upper directory.
int Overlay::put_in_place(const TreeLock& lock, int at, const std::string& name, Entry& entry, bool is_dir) {
    Place above;
    if (const int error = upper_place_of(lock, *entry.dir, above)) return error;
    const bool exchange = is_dir && entry.whiteout; // a directory does not replace a device
    if (::renameat2(at, name.c_str(), above.dir(), entry.name.c_str(), exchange ? RENAME_EXCHANGE : 0U) != 0) return errno;
    if (exchange) ::unlinkat(at, name.c_str(), 0);
    return 0;
}

/// It is there: in memory as well.
int Overlay::created(const TreeLock& lock, Node& dir, const char* name, const NewFile& file, FdPtr content, Found& found) {
    Entry& entry = ensure_entry(dir, name);
    show(entry, upper_layer, static_cast<unsigned char>(IFTODT(file.mode)));
    dir.stale = true;
    Node& node = new_node(lock, &dir, name);
    node.upper = true;
    node.attributes = has_default_acl(lock, dir) ? Known::unknown : Known::no;
    attach(lock, entry, node);
    if (S_ISDIR(file.mode)) {
        node.dir = std::make_unique<Directory>();
        node.dir->layers = {upper_layer};
        node.dir->loaded = true;
    }
    Place place;
    if (const int error = upper_place_of(lock, dir, place)) return error;
    if (content) place.fd = content;
    else place.name = name;
    if (const int error = place.stat(node.st)) return error;
    node.shown_inode = node.st.st_ino = shown_inode(node.st.st_dev, node.st.st_ino);
    if (content) cache_.put(node, FdCache::content, std::move(content));
    node.lookups = 1;
    found = {&node, node.st};
    return 0;
}

int Overlay::make_node(Node& dir, const char* name, mode_t mode, dev_t device, const Caller& caller, Found& found) {
    if (S_ISCHR(mode) && device == 0) return EPERM; // would be a whiteout
    return create(dir, name, {mode, device, nullptr, caller}, found);
}

int Overlay::make_dir(Node& dir, const char* name, mode_t mode, const Caller& caller, Found& found) {
    return create(dir, name, {(mode & 07777) | S_IFDIR, 0, nullptr, caller}, found);
}

int Overlay::make_symlink(Node& dir, const char* name, const char* target, const Caller& caller, Found& found) {
    return create(dir, name, {S_IFLNK | 0777, 0, target, caller}, found);
}

int Overlay::make_unnamed(Node& dir, mode_t mode, const Caller& caller, Found& found) {
    if (const int error = writable()) return error;
    const TreeLock lock(mutex_);
    if (dir.names.empty() && &dir != root_) return ENOENT;
    if (const int error = copy_up_parents(lock, dir)) return error;
    Place above;
    if (const int error = upper_place_of(lock, dir, above)) return error;
    if (!has_default_acl(lock, dir)) mode &= ~(caller.umask & 0777);
    auto fd = std::make_shared<UniqueFd>(::openat(above.dir(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode & 07777));
    if (!*fd) return errno;
    const bool inherits_group = (dir.st.st_mode & S_ISGID) != 0;
    const Owner want{caller.uid, inherits_group ? dir.st.st_gid : caller.gid};
    if (const int error = give_owner({fd, ""}, {0, inherits_group ? want.gid : 0}, want, S_IFREG | (mode & 07777))) return error;
    struct stat st {};
    if (::fstat(fd->get(), &st) != 0) return errno;
    Node& node = new_node(lock, &dir, "");
    node.upper = true;
    node.st = st;
    node.shown_inode = node.st.st_ino = shown_inode(st.st_dev, st.st_ino);
    node.anchor = fd;
    cache_.put(node, FdCache::content, std::move(fd));
    node.lookups = 1;
    found = {&node, node.st};
    return 0;
}

int Overlay::link(Node& node, Node& dir, const char* name, Found& found) {
    if (const int error = copy_up(node)) return error;
    const TreeLock lock(mutex_);
    Entry* existing = nullptr;
    Place above, from;
    if (const int error = prepare_dir(lock, dir, name, existing, above)) return error;
    if (const int error = upper_place_of(lock, node, from)) return error;
    const bool over = existing != nullptr && existing->whiteout;
    const std::string as = over ? temporary_name() : std::string(name);
    const int at = over ? temporary_.get() : above.dir();
    const int linked = from.name.empty() ? ::linkat(AT_FDCWD, from.path().c_str(), at, as.c_str(), AT_SYMLINK_FOLLOW)
                                         : ::linkat(from.dir(), from.name.c_str(), at, as.c_str(), 0);
    if (linked != 0) return errno;
    if (over) {
        if (const int error = put_in_place(lock, at, as, *existing, false)) {
            ::unlinkat(at, as.c_str(), 0);
            return error;
        }
    }
    Entry& entry = ensure_entry(dir, name);
    show(entry, upper_layer, static_cast<unsigned char>(IFTODT(node.st.st_mode)));
    attach(lock, entry, node);
    if (node.lower_names == 0) node.anchor.reset();
    node.stale = true;
    dir.stale = true;
    if (const int error = refresh(lock, node)) return error;
    struct stat st {};
    if (const int error = upper_place_of(lock, node, from)) return error;
    if (const int error = from.stat(st)) return error;
    add_key(lock, node, {upper_layer, st.st_dev, st.st_ino});
    ++node.lookups;
    found = {&node, node.st};
    return 0;
}

} // namespace storage::fuse
