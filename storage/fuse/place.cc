// See storage/fuse/place.h.
#include "storage/fuse/place.h"

#include "storage/fuse/whiteout.h"

#include <sys/xattr.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string_view>
#include <vector>

namespace storage::fuse {
namespace {

constexpr std::size_t most_bytes = 65536; // XATTR_LIST_MAX, XATTR_SIZE_MAX

int result(int value) noexcept { return value == 0 ? 0 : errno; }

} // namespace

std::string Place::path() const {
    std::string path = "/proc/self/fd/" + std::to_string(fd->get());
    if (!name.empty()) path.append("/").append(name);
    return path;
}

int Place::stat(struct stat& st) const noexcept {
    return result(::fstatat(fd->get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
}

int Place::chmod(mode_t mode) const {
    if (name.empty() && ::fchmod(fd->get(), mode) == 0) return 0; // else perhaps an O_PATH descriptor
    return result(::chmod(path().c_str(), mode));
}

int Place::chown(uid_t uid, gid_t gid) const noexcept {
    return result(::fchownat(fd->get(), name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
}

int Place::set_times(const struct timespec times[2]) const noexcept {
    return result(::utimensat(fd->get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
}

ssize_t Place::get_attribute(const char* attribute, void* value, std::size_t size) const {
    return name.empty() ? ::getxattr(path().c_str(), attribute, value, size) : ::lgetxattr(path().c_str(), attribute, value, size);
}

ssize_t Place::list_attributes(char* list, std::size_t size) const {
    return name.empty() ? ::listxattr(path().c_str(), list, size) : ::llistxattr(path().c_str(), list, size);
}

int Place::set_attribute(const char* attribute, const void* value, std::size_t size, int flags) const {
    return result(name.empty() ? ::setxattr(path().c_str(), attribute, value, size, flags)
                               : ::lsetxattr(path().c_str(), attribute, value, size, flags));
}

int Place::remove_attribute(const char* attribute) const {
    return result(name.empty() ? ::removexattr(path().c_str(), attribute) : ::lremovexattr(path().c_str(), attribute));
}

int copy_attributes(const Place& from, const Place& to, const IdShift* shift) {
    const ssize_t wanted = from.list_attributes(nullptr, 0);
    if (wanted <= 0) return wanted == 0 || errno == ENOTSUP ? 0 : errno;
    std::vector<char> names(most_bytes), value(most_bytes);
    const ssize_t length = from.list_attributes(names.data(), names.size());
    if (length < 0) return errno;
    for (std::string_view rest(names.data(), static_cast<std::size_t>(length)); !rest.empty();) {
        const std::string attribute(rest.substr(0, rest.find('\0')));
        rest.remove_prefix(attribute.size() + 1);
        if (is_hidden_attribute(attribute)) continue;
        const ssize_t size = from.get_attribute(attribute.c_str(), value.data(), value.size());
        if (size < 0 && (errno == ENODATA || errno == ENOTSUP)) continue;
        if (size < 0) return errno;
        if (shift != nullptr && is_acl(attribute)) shift_acl(std::span(value).first(static_cast<std::size_t>(size)), *shift);
        const int error = to.set_attribute(attribute.c_str(), value.data(), static_cast<std::size_t>(size), 0);
        // Labels of the security modules are not ours to set; the user's own must not get lost.
        const bool is_users = attribute.starts_with("user.") || attribute.starts_with("system.posix_acl");
        if (error != 0 && (is_users || (error != EPERM && error != ENOTSUP && error != EACCES))) return error;
    }
    return 0;
}

} // namespace storage::fuse
