// `-v [SOURCE:]DESTINATION[:OPTIONS]`, `--tmpfs DESTINATION[:OPTIONS]` and `--mount type=…,…` as plain structs. No I/O.
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
    ramfs,     ///< no source
    devpts,    ///< no source
    glob,      ///< source is a pattern of host paths; without a destination each match appears at its own path
    image,     ///< source is an image
};

enum class Propagation { rprivate, private_, rshared, shared, rslave, slave, runbindable, unbindable };
enum class Relabel { none, shared, exclusive }; ///< z and Z: nothing to do where SELinux is off, the caller's error where it is on

struct MountRequest {
    MountKind kind = MountKind::bind;
    std::string source;
    std::string destination; ///< absolute, without ".", "..", doubled or trailing slashes
    bool read_only = false;
    bool nosuid = false;
    bool nodev = false;
    bool noexec = false;
    bool asks_suid = false;  ///< "suid" was said: an error where the kernel does not grant it
    bool asks_dev = false;
    bool asks_exec = false;
    bool recursive = true;   ///< rbind: mounts below the source come along
    bool copy_up = true;     ///< what the image has at the destination fills an empty volume or the tmpfs
    bool chown = false;      ///< U: the source is given to the container's user
    bool overlay = false;    ///< O: what the container writes goes to a layer of its own, not to the source
    std::string upper_dir;   ///< O: the layer to use and keep, both or neither
    std::string work_dir;
    Propagation propagation = Propagation::rprivate;
    Relabel relabel = Relabel::none;
    std::string subpath;          ///< volume, image: the part of it that is mounted, relative
    std::string size;             ///< tmpfs: the kernel's size= value, e.g. "64m", "50%"; empty: the kernel's default
    std::string inodes;           ///< tmpfs: nr_inodes=
    std::optional<unsigned> mode; ///< permission bits of a tmpfs' root (absent: those of the directory it covers), or of a devpts' terminals
    std::optional<unsigned> uid;  ///< tmpfs, devpts: owner, as an id of the container
    std::optional<unsigned> gid;
    std::optional<unsigned> max;  ///< devpts: number of terminals
    bool operator==(const MountRequest&) const = default;
};

/// Throws Error naming the option text, and what is wrong with it: unknown or contradicting options, those an ordinary user
/// cannot have (idmap), destinations that are "/", in /proc (but for the few files lxcfs shows there) or in /sys (but for
/// a bind of that very path): a false /proc or /sys would deceive whoever writes labels and limits there (CVE-2019-16884,
/// CVE-2023-27561). A colon in a path is written "\:".
MountRequest parse_volume_option(std::string_view text);
/// Mounted nosuid and nodev unless "suid" or "dev" is said; filled from the image unless "notmpcopyup" is.
MountRequest parse_tmpfs_option(std::string_view text);
/// Comma-separated KEY=VALUE, each of which may stand in double quotes (podman-run(1), --mount); the type is volume unless said.
MountRequest parse_mount_argument(std::string_view text);

/// Throws Error, with `option` in front, where nothing may be mounted on `destination` as the above say; returns it cleaned.
std::string check_destination(std::string_view option, const std::string& destination, MountKind kind, const std::string& source);

/// Text that parses to the same request.
std::string print_volume_option(const MountRequest& request);
std::string print_tmpfs_option(const MountRequest& request);

/// "rprivate", "private", …
std::string_view propagation_word(Propagation propagation);

} // namespace lib
