// See storage/tree_walk.h.
#include "storage/tree_walk.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/file_attributes.h"
#include "storage/whiteout_file.h"

#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace storage {
namespace {

constexpr std::size_t most_open = 256; ///< of the directories on the way down: a tree may be deeper than there are descriptors

bool is_opaque(int fd) {
    char value = 0;
    return ::getxattr(fd_path(fd).c_str(), "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

} // namespace

bool is_kernel_fs(int fd) {
    struct statfs fs {};
    if (::fstatfs(fd, &fs) != 0) return false;
    switch (fs.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case DEVPTS_SUPER_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case 0x19800202: // mqueue, which linux/magic.h does not have
        return true;
    default:
        return false;
    }
}

void raise_descriptor_limit() {
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

UniqueFd reopen(int fd, int flags, const std::string& path) {
    UniqueFd opened((flags & O_DIRECTORY) != 0 ? ::openat(fd, ".", flags | O_CLOEXEC) : ::open(fd_path(fd).c_str(), flags | O_CLOEXEC));
    if (!opened) throw SysError{errno, cat("open ", path.empty() ? "/" : path)};
    return opened;
}

std::vector<std::string> list_dir(int fd, const std::string& path) {
    try {
        return files::list(fd, ".");
    } catch (Error& e) {
        e.add_context(path.empty() ? "/" : path);
        throw;
    }
}

TreeWalk::TreeWalk(UniqueFd root, TreeKind kind) : kind_(kind), root_(std::move(root)) {}

const TreeItem* TreeWalk::next() {
    if (root_) { // the first call
        item_.fd = std::move(root_);
        item_.st = sys::fstat(item_.fd.get(), "the tree's root");
        enter_ = S_ISDIR(item_.st.st_mode);
        return &item_;
    }
    if (enter_) push(item_);
    enter_ = false;
    while (!levels_.empty()) {
        Level& level = levels_.back();
        if (level.names.empty()) {
            pop();
            continue;
        }
        const std::string name = std::move(level.names.back());
        level.names.pop_back();
        if (!load(level, name)) continue;
        enter_ = S_ISDIR(item_.st.st_mode);
        return &item_;
    }
    return nullptr;
}

void TreeWalk::push(const TreeItem& item) {
    Level level{reopen(item.fd.get(), O_RDONLY | O_DIRECTORY, item.path), item.path, item.st.st_dev, item.st.st_ino, {}};
    level.names = list_dir(level.dir.get(), item.path);
    std::sort(level.names.rbegin(), level.names.rend());
    levels_.push_back(std::move(level));
    if (levels_.size() > most_open) levels_[levels_.size() - 1 - most_open].dir.reset();
}

/// Back to the directory above, which is opened again where it was closed. Where it is another by now, the tree has been changed
/// meanwhile, and what is left of it there is as good as gone.
void TreeWalk::pop() {
    const Level done = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.empty() || levels_.back().dir) return;
    Level& above = levels_.back();
    if (done.dir) above.dir = UniqueFd(::openat(done.dir.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st {};
    if (above.dir && ::fstat(above.dir.get(), &st) == 0 && st.st_dev == above.device && st.st_ino == above.inode) return;
    above.dir.reset();
    above.names.clear();
}

bool TreeWalk::load(Level& level, const std::string& name) {
    auto fd = sys::try_open_at(level.dir.get(), name, O_PATH | O_NOFOLLOW);
    if (!fd) return false; // removed meanwhile
    item_ = TreeItem{level.path.empty() ? name : level.path + "/" + name, std::move(*fd)};
    item_.st = sys::fstat(item_.fd.get(), item_.path);
    if (item_.st.st_dev != level.device && S_ISDIR(item_.st.st_mode) && is_kernel_fs(item_.fd.get())) return false;
    if (kind_ == TreeKind::upper) {
        item_.whiteout = is_whiteout(level.dir.get(), name.c_str(), item_.st);
        item_.opaque = S_ISDIR(item_.st.st_mode) && is_opaque(item_.fd.get());
    }
    return true;
}

} // namespace storage
