// How layers say that something is not there, in all the spellings met: the kernel's, the one of image layers, fuse-overlayfs's.
// Private to storage/fuse.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

namespace storage::fuse {

/// Names in a lower directory that mean something else (image-spec, layer.md, "Whiteouts").
enum class NameKind { ordinary, whiteout, opaque };
struct LayerName {
    NameKind kind = NameKind::ordinary;
    std::string_view name; ///< what it is about; empty for opaque
};
LayerName parse_layer_name(std::string_view name) noexcept;

/// A character device 0:0.
bool is_whiteout(const struct stat& st) noexcept;

/// What `user.overlay.opaque` (and its relatives) of a directory say.
enum class Opaque { no, yes, has_xattr_whiteouts };
Opaque find_opaque(int dir_fd);
/// A file with `user.overlay.whiteout`, in a directory that says that it has such (kernel 6.7).
bool is_xattr_whiteout(int dir_fd, const std::string& name);

/// Attributes that are the overlay's own and shown to nobody.
bool is_hidden_attribute(std::string_view name) noexcept;

/// `user.containers.override_stat`: owner and mode that the file cannot have on disk.
struct OverrideStat {
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t mode = 0; ///< permission bits, and the type where `has_type`
    bool has_type = false;
    dev_t device = 0;
};
/// "uid:gid:0mode[:type[-major-minor]]", the mode octal; nullopt where it does not fit.
std::optional<OverrideStat> parse_override_stat(std::string_view text) noexcept;
struct FoundOverride {
    bool there = false;               ///< the file has such an attribute,
    std::optional<OverrideStat> says; ///< and this is what it says, where it fits
};
/// containers/storage's or fuse-overlayfs's. A link at the end of `path` is not followed.
FoundOverride find_override_stat(const std::string& path) noexcept;
void apply_override_stat(const OverrideStat& override_stat, struct stat& st) noexcept;

inline constexpr const char* opaque_attribute = "user.overlay.opaque";
/// Ours, below the kernel's prefix so that its overlay hides them too: the inode number shown, and lower names.
inline constexpr const char* origin_attribute = "user.overlay.ctl.origin";
inline constexpr const char* links_attribute = "user.overlay.ctl.links";

} // namespace storage::fuse
