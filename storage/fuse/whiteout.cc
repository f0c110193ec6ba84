// See storage/fuse/whiteout.h.
#include "storage/fuse/whiteout.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <array>
#include <charconv>

namespace storage::fuse {
namespace {

/// The number at the start of `text`, taken off it with the separator behind it.
template <class Number>
bool take_number(std::string_view& text, int base, char separator, Number& number) noexcept {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return true;
    if (text.front() != separator) return false;
    text.remove_prefix(1);
    return true;
}

constexpr struct {
    std::string_view word;
    mode_t type;
} types[] = {{"file", S_IFREG}, {"dir", S_IFDIR}, {"symlink", S_IFLNK}, {"pipe", S_IFIFO},
             {"socket", S_IFSOCK}, {"block", S_IFBLK}, {"char", S_IFCHR}};

} // namespace

LayerName parse_layer_name(std::string_view name) noexcept {
    if (name == ".wh..wh..opq") return {NameKind::opaque, {}};
    // Others that start ".wh..wh." are what AUFS kept for itself and hide nothing, nor are they to be seen.
    if (name.starts_with(".wh.") && name.size() > 4) return {NameKind::whiteout, name.substr(4)};
    return {NameKind::ordinary, name};
}

bool is_whiteout(const struct stat& st) noexcept { return S_ISCHR(st.st_mode) && st.st_rdev == ::makedev(0, 0); }

Opaque find_opaque(int dir_fd) {
    std::array<char, 4> value{};
    for (const char* name : {opaque_attribute, "user.fuseoverlayfs.opaque", "trusted.overlay.opaque"}) {
        const ssize_t size = ::fgetxattr(dir_fd, name, value.data(), value.size());
        if (size == 1 && value[0] == 'y') return Opaque::yes;
        if (size == 1 && value[0] == 'x') return Opaque::has_xattr_whiteouts;
    }
    return Opaque::no;
}

bool is_xattr_whiteout(int dir_fd, const std::string& name) {
    const std::string path = "/proc/self/fd/" + std::to_string(dir_fd) + "/" + name;
    return ::lgetxattr(path.c_str(), "user.overlay.whiteout", nullptr, 0) >= 0;
}

bool is_hidden_attribute(std::string_view name) noexcept {
    for (const std::string_view prefix : {"user.overlay.", "trusted.overlay.", "user.fuseoverlayfs.", "user.containers.override_stat"})
        if (name.starts_with(prefix)) return true;
    return false;
}

std::optional<OverrideStat> parse_override_stat(std::string_view text) noexcept {
    OverrideStat result;
    unsigned mode = 0;
    if (!take_number(text, 10, ':', result.uid) || !take_number(text, 10, ':', result.gid)) return std::nullopt;
    if (text.empty() || !take_number(text, 8, ':', mode) || mode > 07777) return std::nullopt;
    result.mode = mode;
    if (text.empty()) return result;
    for (const auto& [word, type] : types) {
        if (!text.starts_with(word)) continue;
        text.remove_prefix(word.size());
        result.mode |= type;
        result.has_type = true;
        if (text.empty()) return result;
        unsigned major = 0, minor = 0;
        const bool is_device = type == S_IFBLK || type == S_IFCHR;
        if (!is_device || text.front() != '-') return std::nullopt;
        text.remove_prefix(1);
        if (!take_number(text, 10, '-', major) || text.empty() || !take_number(text, 10, '\0', minor)) return std::nullopt;
        result.device = ::makedev(major, minor);
        return result;
    }
    return std::nullopt;
}

FoundOverride find_override_stat(const std::string& path) noexcept {
    std::array<char, 128> text{};
    for (const char* name : {"user.containers.override_stat", "user.fuseoverlayfs.override_stat"}) {
        const ssize_t size = ::lgetxattr(path.c_str(), name, text.data(), text.size());
        if (size > 0) return {true, parse_override_stat({text.data(), static_cast<std::size_t>(size)})};
    }
    return {};
}

void apply_override_stat(const OverrideStat& override_stat, struct stat& st) noexcept {
    st.st_uid = override_stat.uid;
    st.st_gid = override_stat.gid;
    // Directories stay directories, and nothing else becomes one: the tree is what is on disk.
    const bool changes_type = override_stat.has_type && !S_ISDIR(st.st_mode) && !S_ISDIR(override_stat.mode);
    st.st_mode = (changes_type ? override_stat.mode & S_IFMT : st.st_mode & S_IFMT) | (override_stat.mode & 07777U);
    if (changes_type) st.st_rdev = override_stat.device;
}

} // namespace storage::fuse
