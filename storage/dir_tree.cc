// See storage/dir_tree.h.
#include "storage/dir_tree.h"

#include "base/error.h"
#include "base/sys.h"
#include "storage/whiteout_file.h"

#include <sys/stat.h>
#include <fcntl.h>

#include <cerrno>
#include <deque>

namespace storage {
namespace {

constexpr int max_symlinks = 40;           // path_resolution(7)
constexpr std::size_t max_cached = 256;    // descriptors
constexpr int open_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

} // namespace

std::string join_path(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> components;
    for (std::size_t start = 0; start < path.size();) {
        std::size_t end = path.find('/', start);
        if (end == std::string_view::npos) end = path.size();
        const std::string_view component = path.substr(start, end - start);
        if (!component.empty() && component != ".") components.emplace_back(component);
        start = end + 1;
    }
    return components;
}

DirTree::DirTree(UniqueFd root, std::size_t max_path, MakeDir make_missing)
    : max_path_(max_path), make_missing_(std::move(make_missing)),
      root_(std::make_shared<const Dir>(Dir{"", std::move(root)})) {}

void DirTree::forget(const std::string& path) {
    std::erase_if(cache_, [&](const auto& item) {
        return item.first == path || (item.first.starts_with(path) && item.first[path.size()] == '/');
    });
}

/// The directory `name` in `parent`; nullptr with `link_target` set where it is a symbolic link.
DirTree::DirPtr DirTree::child(const DirPtr& parent, const std::string& name, std::string& link_target) {
    std::string path = join_path(parent->path, name);
    if (path.size() > max_path_) throw Error("layer entry in ", path.substr(0, 100), "…: its path is too long");
    if (const auto found = cache_.find(path); found != cache_.end()) return found->second;

    int fd = ::openat(parent->fd.get(), name.c_str(), open_flags);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
        if (auto target = sys::find_link_at(parent->fd.get(), name)) {
            link_target = std::move(*target);
            return nullptr;
        }
        const struct stat st = sys::lstat_at(parent->fd.get(), name);
        if (!is_whiteout(parent->fd.get(), name.c_str(), st)) throw Error("layer entry below ", path, ", which is not a directory");
        errno = ENOENT; // a whiteout of this layer: the directory is made in its place
    }
    if (fd < 0 && errno == ENOENT) {
        make_missing_(*parent, name, path);
        fd = ::openat(parent->fd.get(), name.c_str(), open_flags);
    }
    if (fd < 0) throw SysError{errno, cat("open directory ", path, " of the layer")};
    if (cache_.size() >= max_cached) cache_.clear(); // parents that are in use are kept by their users
    auto dir = std::make_shared<const Dir>(Dir{path, UniqueFd(fd)});
    cache_.emplace(std::move(path), dir);
    return dir;
}

DirTree::DirPtr DirTree::resolve(const std::string& path) {
    if (path.empty()) return root_;
    if (const auto found = cache_.find(path); found != cache_.end()) return found->second;
    std::vector<DirPtr> way{root_};
    std::deque<std::string> pending;
    const auto push_front = [&](const std::vector<std::string>& names) {
        pending.insert(pending.begin(), names.begin(), names.end());
        if (pending.size() > max_path_) throw Error("layer entry in ", path.substr(0, 100), ": its path is too long");
    };
    push_front(split_path(path));
    for (int symlinks = 0; !pending.empty();) {
        const std::string name = std::move(pending.front());
        pending.pop_front();
        if (name == "..") {
            if (way.size() > 1) way.pop_back();
            continue;
        }
        std::string target;
        if (DirPtr next = child(way.back(), name, target)) {
            way.push_back(std::move(next));
            continue;
        }
        if (++symlinks > max_symlinks) throw Error("layer entry in ", path, ": too many levels of symbolic links");
        if (target.starts_with('/')) way.resize(1);
        push_front(split_path(target));
    }
    return way.back();
}

} // namespace storage
