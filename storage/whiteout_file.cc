// See storage/whiteout_file.h.
#include "storage/whiteout_file.h"

#include "base/unique_fd.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace storage {
namespace {

constexpr const char* whiteout_attribute = "user.overlay.whiteout";
constexpr const char* opaque_attribute = "user.overlay.opaque";

/// "/proc/self/fd/N/NAME", for calls that know no directory descriptors; a name has at most 255 bytes.
struct NamePath {
    std::array<char, 300> text;
    NamePath(int dir, const char* name) noexcept { std::snprintf(text.data(), text.size(), "/proc/self/fd/%d/%s", dir, name); }
};

} // namespace

int make_whiteout(int dir, const char* name, WhiteoutForm& form) noexcept {
    form = WhiteoutForm::device;
    if (::mknodat(dir, name, S_IFCHR, ::makedev(0, 0)) == 0) return 0;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS) return errno;
    form = WhiteoutForm::attribute;
    const UniqueFd file(::openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return errno;
    const int error = ::fsetxattr(file.get(), whiteout_attribute, "", 0, 0) == 0 ? 0 : errno;
    if (error != 0) ::unlinkat(dir, name, 0);
    return error;
}

int mark_for_whiteouts(int dir) noexcept {
    char value = 0;
    if (::fgetxattr(dir, opaque_attribute, &value, 1) == 1) return 0;
    return ::fsetxattr(dir, opaque_attribute, "x", 1, 0) == 0 ? 0 : errno;
}

bool is_whiteout(int dir, const char* name, const struct stat& st) noexcept {
    if (S_ISCHR(st.st_mode)) return st.st_rdev == ::makedev(0, 0);
    return S_ISREG(st.st_mode) && st.st_size == 0 && ::lgetxattr(NamePath(dir, name).text.data(), whiteout_attribute, nullptr, 0) >= 0;
}

} // namespace storage
