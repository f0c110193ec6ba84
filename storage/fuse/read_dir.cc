// Listing a directory from memory. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include <dirent.h>

namespace storage::fuse {

int Overlay::read_dir(Node& dir, std::uint64_t cookie, Detail detail, const std::function<bool(const DirItem&)>& each) {
    const TreeLock lock(mutex_);
    if (const int error = load(lock, dir)) return error;
    for (const std::uint64_t dots : {1U, 2U}) {
        if (cookie >= dots) continue;
        const Node& shown = dots == 2 && dir.parent != nullptr ? *dir.parent : dir;
        DirItem item{dots == 1 ? "." : "..", dots, {}};
        item.found.st.st_ino = shown.shown_inode;
        item.found.st.st_mode = S_IFDIR;
        if (!each(item)) return 0;
    }
    for (auto next = dir.dir->by_cookie.upper_bound(cookie); next != dir.dir->by_cookie.end(); ++next) {
        Entry& entry = *next->second;
        DirItem item{entry.name.c_str(), entry.cookie, {}};
        const bool is_found = hand_over(lock, entry, item.found) == 0;
        if (!is_found) item.found.st.st_ino = ~ino_t{0}; // vanished behind our back: the name alone
        if (!is_found) item.found.st.st_mode = static_cast<mode_t>(DTTOIF(entry.type));
        Node* node = item.found.node;
        if (detail == Detail::names) item.found.node = nullptr;
        const bool goes_on = each(item);
        if (node != nullptr && (detail == Detail::names || !goes_on)) {
            --node->lookups;
            free_if_unused(lock, node);
        }
        if (!goes_on) break;
    }
    return 0;
}

} // namespace storage::fuse
