// The directories of a tree being unpacked: names to descriptors, without ever leaving the tree. Private to storage/.
//
// Every component is opened from its parent's descriptor with O_NOFOLLOW, symbolic links are read and walked by us, and
// ".." goes back on the way we came: so nothing an archive (or another process of the user) puts into the tree can lead
// out of it, on any kernel. The result is also the real path, which the index needs; openat2(RESOLVE_IN_ROOT) would not
// tell it.
#pragma once

#include "base/unique_fd.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace storage {

class DirTree {
public:
    struct Dir {
        std::string path; ///< real, relative to the root; "" is the root
        UniqueFd fd;      ///< readable, not O_PATH
    };
    using DirPtr = std::shared_ptr<const Dir>;
    /// Makes a directory that is missing (or stands where a whiteout is) and says so to the caller.
    using MakeDir = std::function<void(const Dir& parent, const std::string& name, const std::string& path)>;

    DirTree(UniqueFd root, std::size_t max_path, MakeDir make_missing);

    /// The directory at `path` ('/'-separated, cleaned), symbolic links resolved inside the tree, missing ones made.
    DirPtr resolve(const std::string& path);
    /// `path` and what is below it are no directories any more.
    void forget(const std::string& path);

private:
    DirPtr child(const DirPtr& parent, const std::string& name, std::string& link_target);

    std::size_t max_path_;
    MakeDir make_missing_;
    DirPtr root_;
    std::unordered_map<std::string, DirPtr> cache_; ///< by real path
};

/// `directory`/`name`, where "" is the root.
std::string join_path(const std::string& directory, const std::string& name);
/// The components of a path, without empty ones and ".".
std::vector<std::string> split_path(std::string_view path);

} // namespace storage
