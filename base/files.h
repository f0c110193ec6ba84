// Whole files: reading with a limit, and records that a crash leaves either old or new.
#pragma once

#include "base/unique_fd.h"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace files {

inline constexpr std::size_t default_limit = 16 << 20; ///< bytes; no record of ours comes near it

/// The content of a regular file. Throws SysError (missing, unreadable), Error (not a regular file, larger than `limit`).
/// Opened O_NONBLOCK, so that a FIFO put there cannot hang us.
std::string read(int dir_fd, const std::string& path, std::size_t limit = default_limit);
std::string read(const std::string& path, std::size_t limit = default_limit);
/// As read; a missing file is nullopt.
std::optional<std::string> find(int dir_fd, const std::string& path, std::size_t limit = default_limit);
std::optional<std::string> find(const std::string& path, std::size_t limit = default_limit);

/// What the user named on the command line: a pipe will do too (`--env-file <(…)`, /dev/stdin), and is waited for. `option`
/// begins the message where it cannot be read.
std::string read_named(const std::string& path, std::string_view option, std::size_t limit = default_limit);

/// What must survive a power cut is synced (file, then directory); what a crash may lose without harm is not.
enum class Durability { none, synced };

/// Writes `path` under `dir_fd` by temporary file and rename: readers see the old content or the new, never a part.
void write_atomic(int dir_fd, const std::string& path, std::string_view content, mode_t mode, Durability durability);

/// openat of a path below `dir_fd` that leads through no symbolic link, ".." or absolute name: what a stranger wrote may not lead elsewhere
/// (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, Linux 5.6; component by component before). O_CLOEXEC is added.
/// Throws SysError.
UniqueFd open_beneath(int dir_fd, const std::string& path, int flags);

/// The absolute path that `path` leads to when the symbolic links at its end are followed, also to a file that is not there yet:
/// what is to be made or replaced, so that the links stay. Throws SysError for links in a circle.
std::string behind_links(const std::string& path);

/// The names in a directory without "." and "..", unsorted; an empty list where it does not exist.
std::vector<std::string> list(int dir_fd, const std::string& path);

/// Opens a directory for use as dir_fd (O_PATH would not allow fsync, so a real descriptor).
UniqueFd open_dir(const std::string& path);
UniqueFd open_dir_at(int dir_fd, const std::string& path);

/// Removes a tree below `dir_fd`, symbolic links as such, never crossing into another file system's mount. A missing
/// name is no error, and no tree too deep. Files of other ids of the user need the user namespace: see rootless/userns.h.
void remove_tree(int dir_fd, const std::string& path);

} // namespace files
