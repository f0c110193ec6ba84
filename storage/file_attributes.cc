// See storage/file_attributes.h.
#include "storage/file_attributes.h"

#include "base/error.h"

#include <sys/xattr.h>

#include <cerrno>

namespace storage {
namespace {

constexpr std::size_t most_bytes = 65536; // XATTR_LIST_MAX, XATTR_SIZE_MAX

} // namespace

bool is_internal_attribute(std::string_view name) {
    for (const std::string_view prefix : {"user.overlay.", "trusted.", "security.selinux", "security.ima", "security.evm",
                                          "user.containers.", "user.fuseoverlayfs."})
        if (name.starts_with(prefix)) return true;
    return false;
}

std::string fd_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

std::vector<std::pair<std::string, std::string>> read_attributes(const std::string& path, const std::string& name) {
    std::vector<std::pair<std::string, std::string>> attributes;
    const ssize_t wanted = ::listxattr(path.c_str(), nullptr, 0);
    if (wanted == 0 || (wanted < 0 && (errno == ENOTSUP || errno == EACCES || errno == EPERM))) return attributes;
    if (wanted < 0) throw SysError{errno, cat("list attributes of ", name)};
    std::vector<char> names(most_bytes);
    const ssize_t length = ::listxattr(path.c_str(), names.data(), names.size());
    if (length < 0) throw SysError{errno, cat("list attributes of ", name)};
    std::vector<char> value(most_bytes);
    for (std::string_view rest(names.data(), static_cast<std::size_t>(length)); !rest.empty();) {
        std::string attribute(rest.substr(0, rest.find('\0')));
        rest.remove_prefix(attribute.size() + 1);
        if (is_internal_attribute(attribute)) continue;
        const ssize_t size = ::getxattr(path.c_str(), attribute.c_str(), value.data(), value.size());
        if (size < 0 && errno == ENODATA) continue; // taken away meanwhile
        if (size < 0) throw SysError{errno, cat("read attribute ", attribute, " of ", name)};
        attributes.emplace_back(std::move(attribute), std::string(value.data(), static_cast<std::size_t>(size)));
    }
    return attributes;
}

void copy_attributes(const std::string& from, const std::string& to, const std::string& name) {
    for (const auto& [attribute, value] : read_attributes(from, name)) {
        const bool set = ::setxattr(to.c_str(), attribute.c_str(), value.data(), value.size(), 0) == 0;
        if (!set && errno != EPERM && errno != ENOTSUP) throw SysError{errno, cat("set attribute ", attribute, " of ", name)};
    }
}

} // namespace storage
