// Hard links of the layers, for those who read the upper directory alone. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "base/on_exit.h"
#include "storage/fuse/dir_names.h"
#include "storage/fuse/whiteout.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include <array>
#include <charconv>

namespace storage::fuse {

/// Whether a file in the index has names that are below only.
bool Overlay::has_unsettled_links() const {
    bool found = false;
    if (!has_index_) return false;
    (void)for_each_name(index_.get(), [&](const std::string& name, unsigned char) {
        std::array<char, 80> text{};
        int names = 0;
        const std::string path = "/proc/self/fd/" + std::to_string(index_.get()) + "/" + name;
        const ssize_t size = ::lgetxattr(path.c_str(), links_attribute, text.data(), text.size());
        if (size > 0 && std::from_chars(text.data(), text.data() + size, names).ec == std::errc()) found = found || names > 0;
        return 0;
    });
    return found;
}

/// The files of one directory. `below` gets the directories in it.
int Overlay::settle_dir(const TreeLock& lock, Node& dir, std::vector<Entry*>& below) {
    if (const int error = load(lock, dir)) return error;
    std::vector<Entry*> files;
    for (const auto& [cookie, entry] : dir.dir->by_cookie) {
        if (entry->type == DT_DIR) below.push_back(entry);
        if (entry->type == DT_REG && !entry->in_upper()) files.push_back(entry);
    }
    for (Entry* entry : files) {
        Node* node = nullptr;
        int error = make_node_of(lock, *entry, node);
        if (error == 0 && node->upper && !entry->in_upper()) error = materialize(lock, *entry);
        free_if_unused(lock, node);
        if (error != 0) return error;
    }
    return 0;
}

/// All directories, without a call for each level: a tree may be deeper than the stack.
int Overlay::settle_tree(const TreeLock& lock) {
    struct Level {
        Node* dir;
        std::vector<Entry*> below;
    };
    std::vector<Level> way;
    const auto leave = [&] {
        Node* dir = way.back().dir;
        way.pop_back();
        --dir->holds;
        free_if_unused(lock, dir);
    };
    const OnExit let_go([&] { while (!way.empty()) leave(); });
    const auto enter = [&](Node& dir) {
        ++dir.holds; // it would go with the last node in it that is freed
        way.push_back({&dir, {}});
        return settle_dir(lock, dir, way.back().below);
    };
    if (const int error = enter(*root_)) return error;
    while (!way.empty()) {
        if (way.back().below.empty()) {
            leave();
            continue;
        }
        Entry* entry = way.back().below.back();
        way.back().below.pop_back();
        Node* node = nullptr;
        if (const int error = make_node_of(lock, *entry, node)) return error;
        if (const int error = enter(*node)) return error;
    }
    return 0;
}

int Overlay::settle_links() {
    const TreeLock lock(mutex_);
    return has_unsettled_links() ? settle_tree(lock) : 0;
}

} // namespace storage::fuse
