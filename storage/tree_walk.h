// Walking a tree by descriptors, parents first, names in byte order; storage/tree_copy.h says why descriptors.
#pragma once

#include "base/unique_fd.h"

#include <sys/stat.h>

#include <string>
#include <vector>

namespace storage {

/// What a tree is: files as they are, or the upper directory of an overlay, in which whiteouts and opaque marks speak of
/// the layers below.
enum class TreeKind { plain, upper };

struct TreeItem {
    std::string path;      ///< relative to the root, "" for it
    UniqueFd fd;           ///< O_PATH
    struct stat st {};
    bool whiteout = false; ///< hides what the lower layers have under its name
    bool opaque = false;   ///< a directory that hides the lower layers' content
};

class TreeWalk {
public:
    /// `root`: O_PATH, a directory or a single file.
    TreeWalk(UniqueFd root, TreeKind kind);

    /// Valid until the next call; nullptr at the end. What vanishes meanwhile is left out, and so is what lies below the
    /// mount of a kernel file system. Throws SysError.
    const TreeItem* next();
    /// Does not go into the directory that next() has just returned.
    void skip_below() noexcept { enter_ = false; }

private:
    struct Level {
        UniqueFd dir; ///< closed where too many are below it
        std::string path;
        dev_t device;
        ino_t inode;
        std::vector<std::string> names; ///< the next one last
    };
    void push(const TreeItem& item);
    void pop();
    bool load(Level& level, const std::string& name);

    TreeKind kind_;
    UniqueFd root_;
    TreeItem item_;
    bool enter_ = false;
    std::vector<Level> levels_;
};

/// File systems the kernel makes up (proc, sysfs, …): they have no content that could be kept.
bool is_kernel_fs(int fd);

/// What an O_PATH descriptor stands for, to be read; `path` is for the error. Throws SysError.
UniqueFd reopen(int fd, int flags, const std::string& path);

/// files::list of the directory itself, with an error that has its path.
std::vector<std::string> list_dir(int fd, const std::string& path);

/// Raises the limit of open descriptors to what is allowed.
void raise_descriptor_limit();

} // namespace storage
