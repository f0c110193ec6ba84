// Path lookup in a stack of layers, see storage/merged_view.h.
//
// A directory of the merged tree is the list of the directories it is made of, topmost layer first. Going down a
// component asks each of them in turn, as overlayfs does: a whiteout or a non-directory ends the search, an opaque
// directory is the last one taken. The way from the root is kept as a stack, so that ".." never asks the kernel.
#include "storage/merged_view.h"

#include "base/error.h"
#include "base/sys.h"
#include "base/unique_fd.h"
#include "storage/whiteout_file.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>

#include <cerrno>
#include <deque>
#include <vector>

namespace storage {
namespace {

constexpr int max_symlinks = 40; // path_resolution(7)
constexpr std::size_t max_components = 4096;

using MergedDir = std::vector<UniqueFd>; ///< O_PATH, topmost first; never empty once it exists

/// What a name in a merged directory is.
struct Found {
    MergedDir dirs;        ///< a directory, if not empty
    int holder = -1;       ///< else the directory that has it
    mode_t mode = 0;       ///< of the thing; 0: nothing there
};

bool is_opaque(int dir_fd, const std::string& name) {
    char value = 0;
    const std::string path = cat("/proc/self/fd/", dir_fd); // fgetxattr refuses O_PATH descriptors
    const ssize_t n = ::getxattr(path.c_str(), "user.overlay.opaque", &value, 1);
    if (n == 1) return value == 'y';
    if (n == 0 || errno == ENODATA || errno == ERANGE || errno == ENOTSUP) return false;
    throw SysError{errno, cat("read attributes of ", name, " in a layer")};
}

Found find_in(const MergedDir& parent, const std::string& name) {
    Found found;
    for (const UniqueFd& layer : parent) {
        const auto st = sys::find_stat_at(layer.get(), name);
        if (!st) continue;
        if (is_whiteout(layer.get(), name.c_str(), *st)) break;
        if (!S_ISDIR(st->st_mode)) {
            if (found.dirs.empty()) {
                found.holder = layer.get();
                found.mode = st->st_mode;
            }
            break;
        }
        found.dirs.push_back(sys::open_at(layer.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
        found.mode = st->st_mode;
        if (is_opaque(found.dirs.back().get(), name)) break;
    }
    return found;
}

/// Components still to be walked; empty ones and "." are left out.
void push_front(std::deque<std::string>& pending, const std::string& path) {
    std::vector<std::string> components;
    for (std::size_t start = 0; start <= path.size();) {
        std::size_t end = path.find('/', start);
        if (end == std::string::npos) end = path.size();
        const std::string component = path.substr(start, end - start);
        if (!component.empty() && component != ".") components.push_back(component);
        start = end + 1;
    }
    if (components.size() + pending.size() > max_components) throw Error(path.substr(0, 100), "…: path too long");
    pending.insert(pending.begin(), components.begin(), components.end());
}

class Walk {
public:
    explicit Walk(std::span<const int> layers) {
        MergedDir root;
        for (const int layer : layers) {
            root.push_back(sys::dup(layer));
            if (is_opaque(layer, "/")) break;
        }
        way_.push_back(std::move(root));
    }

    /// The thing at `path`, symbolic links followed. A directory is left on the way's end, with an empty name.
    struct End {
        int holder = -1;
        std::string name;
        mode_t mode = 0;
    };
    End follow(const std::string& path) {
        std::deque<std::string> pending;
        push_front(pending, path);
        int symlinks = 0;
        while (!pending.empty()) {
            const std::string name = std::move(pending.front());
            pending.pop_front();
            if (name == "..") {
                if (way_.size() > 1) way_.pop_back();
                continue;
            }
            Found found = find_in(way_.back(), name);
            if (!found.dirs.empty()) {
                way_.push_back(std::move(found.dirs));
            } else if (S_ISLNK(found.mode)) {
                if (++symlinks > max_symlinks) throw Error(path, ": too many levels of symbolic links");
                const std::string target = sys::find_link_at(found.holder, name).value_or("");
                if (target.empty()) return {};
                if (target.front() == '/') way_.resize(1);
                push_front(pending, target);
            } else {
                return pending.empty() ? End{found.holder, name, found.mode} : End{};
            }
        }
        return {-1, "", S_IFDIR};
    }

private:
    std::vector<MergedDir> way_; ///< from the root to where we are
};

} // namespace

std::optional<std::string> find_file(std::span<const int> layers, const std::string& path, std::size_t limit) {
    Walk walk(layers);
    const Walk::End end = walk.follow(path);
    if (end.mode == 0) return std::nullopt;
    if (!S_ISREG(end.mode)) throw Error(path, " in the image is not a regular file");
    const auto fd = sys::try_open_at(end.holder, end.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!fd) return std::nullopt;
    if (!S_ISREG(sys::fstat(fd->get(), path).st_mode)) throw Error(path, " in the image is not a regular file");
    return sys::read_to_end(fd->get(), limit, cat(path, " in the image"));
}

bool has_directory(std::span<const int> layers, const std::string& path) {
    Walk walk(layers);
    return S_ISDIR(walk.follow(path).mode);
}

} // namespace storage
