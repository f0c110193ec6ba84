// Where a path of `cp` leads, on the host or inside a container, links followed there and nowhere else.
#pragma once

#include "base/unique_fd.h"

#include <sys/stat.h>

#include <optional>
#include <string>

namespace lib {

/// One side's file system.
struct CopySide {
    int root = -1;      ///< of a container; -1: the host, as the calling process sees it
    std::string label;  ///< for errors: "on the host", "in container web"
};

/// What a path leads to, or where it would be made.
struct CopyPlace {
    UniqueFd thing;     ///< O_PATH; empty: nothing is there
    struct stat st {};
    UniqueFd parent;    ///< the directory that has or would get it; empty for paths that end in "/", "." or ".."
    std::string name;   ///< in `parent`, no symbolic link when it was looked at

    bool exists() const noexcept { return static_cast<bool>(thing); }
    bool is_directory() const noexcept { return exists() && S_ISDIR(st.st_mode); }
    bool is_regular() const noexcept { return exists() && S_ISREG(st.st_mode); }
};

/// Follows symbolic links to the end; one that leads nowhere is where its target would be. Throws Error where the directory
/// to look in is missing.
CopyPlace find_copy_place(const CopySide& side, const std::string& path);

/// What is to be copied, links followed; Error where there is nothing.
CopyPlace find_copy_source(const CopySide& side, const std::string& path);

/// The last component of a path, which a copy in another directory is called; empty where it has no name of its own
/// ("/", "dir/.", ".."): then its content is meant.
std::string copy_base_name(const std::string& path);

} // namespace lib
