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

int Overlay::settle_dir(const TreeLock& lock, Node& dir) {
    if (const int error = load(lock, dir)) return error;
    ++dir.holds; // it would go with the last node in it that is freed below
    const OnExit let_go([&] { --dir.holds; });
    std::vector<Entry*> entries;
    for (const auto& [cookie, entry] : dir.dir->by_cookie)
        if (entry->type == DT_DIR || (entry->type == DT_REG && !entry->in_upper())) entries.push_back(entry);
    for (Entry* entry : entries) {
        Node* node = nullptr;
        if (const int error = make_node_of(lock, *entry, node)) return error;
        int error = 0;
        if (node->is_dir()) error = settle_dir(lock, *node);
        else if (node->upper && !entry->in_upper()) error = materialize(lock, *entry);
        free_if_unused(lock, node);
        if (error != 0) return error;
    }
    return 0;
}

int Overlay::settle_links() {
    const TreeLock lock(mutex_);
    return has_unsettled_links() ? settle_dir(lock, *root_) : 0;
}

} // namespace storage::fuse
