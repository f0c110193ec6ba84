// `-v [SOURCE:]DESTINATION[:OPTIONS]` and `--tmpfs DESTINATION[:OPTIONS]` as plain structs. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lib {

enum class MountKind {
    bind,      ///< source is a path of the host: absolute, or relative to the caller's directory when it begins with "."
    volume,    ///< source is the name of a volume
    anonymous, ///< a volume made for this container, no source
    tmpfs,     ///< no source
};

enum class Propagation { rprivate, private_, rshared, shared, rslave, slave };
enum class Relabel { none, shared, exclusive }; ///< z and Z: nothing to do where SELinux is off, the caller's error where it is on

struct MountRequest {
    MountKind kind = MountKind::bind;
    std::string source;
    std::string destination; ///< absolute, without ".", "..", doubled or trailing slashes
    bool read_only = false;
    bool nosuid = false;
    bool nodev = false;
    bool noexec = false;
    bool recursive = true; ///< rbind: mounts below the source come along
    bool copy_up = true;   ///< what the image has at the destination fills an empty volume or the tmpfs
    Propagation propagation = Propagation::rprivate;
    Relabel relabel = Relabel::none;
    std::string size;             ///< tmpfs: the kernel's size= value, e.g. "64m", "50%"; empty: the kernel's default
    std::optional<unsigned> mode; ///< tmpfs: permission bits of its root; absent: those of the directory it covers
    bool operator==(const MountRequest&) const = default;
};

/// Throws Error naming the option text, and what is wrong with it: unknown or contradicting options, those not supported
/// yet (U, O, idmap …), destinations that are "/", in /proc (but for the few files lxcfs shows there) or in /sys (but for
/// a bind of that very path): a false /proc or /sys would deceive whoever writes labels and limits there (CVE-2019-16884,
/// CVE-2023-27561). A colon in a path is written "\:".
MountRequest parse_volume_option(std::string_view text);
/// Mounted nosuid and nodev unless "suid" or "dev" is said; filled from the image unless "notmpcopyup" is.
MountRequest parse_tmpfs_option(std::string_view text);

/// Text that parses to the same request.
std::string print_volume_option(const MountRequest& request);
std::string print_tmpfs_option(const MountRequest& request);

} // namespace lib
