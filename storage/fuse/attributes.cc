// Attributes, ordinary and extended. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "storage/fuse/whiteout.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

namespace storage::fuse {
namespace {

constexpr std::size_t longest_list = 65536; // XATTR_LIST_MAX

bool is_default_acl(std::string_view name) { return name == "system.posix_acl_default"; }

} // namespace

/// In the order of the kernel's notify_change: the size, whose change may drop set-ids, then the owner, then mode and times.
int Overlay::set_attributes(Node& node, const AttributeChange& change, struct stat& st) {
    if (change.size && !node.is_dir()) {
        FdPtr fd;
        if (const int error = open_content(node, Access::write, fd, *change.size)) return error;
        if (::ftruncate(fd->get(), *change.size) != 0) return errno;
        bool changed_mode = false; // the reply says it
        if (const int error = written(node, change.set_ids, changed_mode)) return error;
    } else if (const int error = copy_up(node)) {
        return error;
    }
    const TreeLock lock(mutex_);
    Place place;
    if (FdPtr content = node.is_dir() ? nullptr : cache_.find(node, FdCache::content)) place.fd = std::move(content);
    else if (const int error = upper_place_of(lock, node, place)) return error;
    node.stale = true;
    if (change.uid || change.gid) {
        const uid_t uid = change.uid.value_or(static_cast<uid_t>(-1));
        const gid_t gid = change.gid.value_or(static_cast<gid_t>(-1));
        if (const int error = place.chown(uid, gid)) return error;
    }
    if (change.mode)
        if (const int error = place.chmod(*change.mode & 07777)) return error;
    if (change.atime || change.mtime) {
        constexpr struct timespec omit {0, UTIME_OMIT};
        const struct timespec times[2] = {change.atime.value_or(omit), change.mtime.value_or(omit)};
        if (const int error = place.set_times(times)) return error;
    }
    if (const int error = refresh(lock, node)) return error;
    st = node.st;
    return 0;
}

int Overlay::read_link(Node& node, std::string& target) {
    const TreeLock lock(mutex_);
    Place place;
    if (const int error = place_of(lock, node, place)) return error;
    target.resize(4096);
    const ssize_t length = ::readlinkat(place.dir(), place.name.c_str(), target.data(), target.size());
    if (length < 0) return errno;
    target.resize(static_cast<std::size_t>(length));
    return 0;
}

int Overlay::statfs(struct statvfs& st) {
    const LayerNumber layer = layers_[upper_layer].root ? upper_layer : 1;
    return ::fstatvfs(layers_[layer].root.get(), &st) == 0 ? 0 : errno;
}

ssize_t Overlay::get_attribute(Node& node, const char* name, char* value, std::size_t size) {
    if (is_hidden_attribute(name)) return pointer(node, name, value, size);
    const TreeLock lock(mutex_);
    Place place;
    // The kernel asks for security.capability before every change of a file, and nearly none has attributes at all.
    if (node.attributes == Known::no) return -ENODATA;
    if (const int error = place_of(lock, node, place)) return -error;
    if (node.attributes == Known::unknown) {
        const ssize_t length = place.list_attributes(nullptr, 0);
        node.attributes = length == 0 || (length < 0 && errno == ENOTSUP) ? Known::no : Known::yes;
        if (node.attributes == Known::no) return -ENODATA;
    }
    const ssize_t length = place.get_attribute(name, value, size);
    if (length < 0) return -errno;
    if (const IdShift* shift = shift_of(node); shift != nullptr && size > 0 && is_acl(name)) shift_acl({value, static_cast<std::size_t>(length)}, *shift);
    return length;
}

ssize_t Overlay::list_attributes(Node& node, std::string& names) {
    const TreeLock lock(mutex_);
    if (node.attributes == Known::no) return 0;
    Place place;
    if (const int error = place_of(lock, node, place)) return -error;
    std::vector<char> all(longest_list);
    const ssize_t length = place.list_attributes(all.data(), all.size());
    if (length < 0) return -errno;
    names.clear();
    for (std::string_view rest(all.data(), static_cast<std::size_t>(length)); !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(name.size() + 1);
        if (!is_hidden_attribute(name)) names.append(name).push_back('\0');
    }
    return static_cast<ssize_t>(names.size());
}

int Overlay::set_attribute(Node& node, const char* name, const char* value, std::size_t size, int flags) {
    if (is_hidden_attribute(name)) return EPERM;
    if (const int error = copy_up(node)) return error;
    const TreeLock lock(mutex_);
    Place place;
    if (const int error = upper_place_of(lock, node, place)) return error;
    if (is_default_acl(name)) node.default_acl = Known::unknown;
    node.stale = true; // an access ACL changes the mode
    node.attributes = Known::yes;
    return place.set_attribute(name, value, size, flags);
}

int Overlay::remove_attribute(Node& node, const char* name) {
    if (is_hidden_attribute(name)) return ENODATA;
    if (const int error = writable()) return error;
    const ssize_t there = get_attribute(node, name, nullptr, 0);
    if (there < 0) return static_cast<int>(-there); // nothing to copy up for
    if (const int error = copy_up(node)) return error;
    const TreeLock lock(mutex_);
    Place place;
    if (const int error = upper_place_of(lock, node, place)) return error;
    if (is_default_acl(name)) node.default_acl = Known::unknown;
    node.stale = true;
    return place.remove_attribute(name);
}

} // namespace storage::fuse
