// Renaming and exchanging, with what is below staying hidden at both places. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "storage/fuse/whiteout.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace storage::fuse {

struct Overlay::Move {
    Node& from_dir;
    const char* from_name;
    Node& to_dir;
    const char* to_name;
    bool exchange;
    bool replace;
    Entry* from = nullptr; ///< both are set by prepare_move
    Entry* to = nullptr;
};

namespace {

/// One that also exists below: moving it would mean moving what is there, or a note where it came from that nobody else reads.
bool is_merged_or_lower(const Node& dir) { return dir.is_dir() && (!dir.upper || dir.dir->layers.size() > 1); }

} // namespace

int Overlay::rename(Node& from, const char* name, Node& to, const char* new_name, unsigned flags) {
    if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0) return EINVAL;
    if (const int error = writable()) return error;
    for (;;) {
        Node* to_copy = nullptr;
        {
            const TreeLock lock(mutex_);
            Move move{from, name, to, new_name, (flags & RENAME_EXCHANGE) != 0, (flags & RENAME_NOREPLACE) == 0};
            if (const int error = prepare_move(lock, move, to_copy)) {
                if (move.to != nullptr && !move.to->visible()) hide(*move.to, move.to->whiteout); // made for the occasion
                return error;
            }
            if (to_copy == nullptr) return move.exchange ? do_exchange(lock, move) : do_move(lock, move);
        }
        // Content is copied without the lock; the kernel, which asked for the move, holds the node.
        if (const int error = copy_up(*to_copy)) return error;
    }
}

/// Checks as the kernel's overlay does, and brings to the upper directory what is to be moved. `to_copy`: has to be copied first.
int Overlay::prepare_move(const TreeLock& lock, Move& move, Node*& to_copy) {
    if (const int error = load(lock, move.from_dir)) return error;
    if (const int error = load(lock, move.to_dir)) return error;
    move.from = find_entry(move.from_dir, move.from_name);
    if (move.from == nullptr || !move.from->visible()) return ENOENT;
    if (move.to_dir.names.empty() && &move.to_dir != root_) return ENOENT; // removed
    move.to = &ensure_entry(move.to_dir, move.to_name);
    if (move.to->visible() && !move.replace) return EEXIST;
    if (!move.to->visible() && move.exchange) return ENOENT;
    Node *old_node = nullptr, *new_node = nullptr;
    if (const int error = make_node_of(lock, *move.from, old_node)) return error;
    if (move.to->visible())
        if (const int error = make_node_of(lock, *move.to, new_node)) return error;
    if (is_merged_or_lower(*old_node) || (move.exchange && is_merged_or_lower(*new_node))) return EXDEV;
    if (!move.exchange && new_node != nullptr && new_node->is_dir()) {
        if (const int error = load(lock, *new_node)) return error;
        if (!new_node->dir->by_cookie.empty()) return ENOTEMPTY;
    }
    if (const int error = prepare_moved(lock, *move.from, to_copy); error != 0 || to_copy != nullptr) return error;
    if (move.exchange)
        if (const int error = prepare_moved(lock, *move.to, to_copy); error != 0 || to_copy != nullptr) return error;
    if (const int error = copy_up_parents(lock, move.from_dir)) return error;
    return copy_up_parents(lock, move.to_dir);
}

int Overlay::prepare_moved(const TreeLock& lock, Entry& entry, Node*& to_copy) {
    Node& node = *entry.node;
    if (node.is_dir()) return 0; // pure upper ones only
    if (!node.upper && S_ISREG(node.st.st_mode)) {
        to_copy = &node;
        return 0;
    }
    if (!node.upper)
        if (const int error = copy_up_other(lock, node)) return error;
    return materialize(lock, entry);
}

/// A directory that comes to a place with something below.
int Overlay::hide_what_is_below(const TreeLock& lock, Node& node, const Entry& place) {
    if (!node.is_dir() || !place.has_lower) return 0;
    int error = 0;
    const FdPtr fd = dir_fd(lock, node, upper_layer, error);
    if (!fd) return error;
    return ::fsetxattr(fd->get(), opaque_attribute, "y", 1, 0) == 0 ? 0 : errno;
}

int Overlay::do_move(const TreeLock& lock, const Move& move) {
    Entry& from = *move.from;
    Entry& to = *move.to;
    Node& node = *from.node;
    const unsigned char type = from.type;
    Place old_dir, new_dir;
    if (const int error = upper_place_of(lock, move.from_dir, old_dir)) return error;
    if (const int error = upper_place_of(lock, move.to_dir, new_dir)) return error;
    if (const int error = hide_what_is_below(lock, node, to)) return error;
    if (to.node != nullptr) {
        if (to.node->is_dir() && to.in_upper()) {
            if (const int error = clear_upper_dir(lock, to)) return error;
        } else if (const int error = to.node->is_dir() ? 0 : keep_anchor(lock, *to.node, to)) {
            return error;
        }
    }
    const bool leave_whiteout = from.has_lower;
    const bool over_whiteout = node.is_dir() && to.whiteout; // a directory does not replace a device, so it stays, at the old place
    const unsigned flags = over_whiteout ? RENAME_EXCHANGE : leave_whiteout ? RENAME_WHITEOUT : 0U;
    struct stat whiteout {};
    if (over_whiteout && ::fstatat(new_dir.dir(), to.name.c_str(), &whiteout, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(whiteout.st_mode))
        if (const int error = mark_for_whiteouts(old_dir.dir())) return error;
    int result = ::renameat2(old_dir.dir(), from.name.c_str(), new_dir.dir(), to.name.c_str(), flags);
    if (result != 0 && flags == RENAME_WHITEOUT && (errno == EINVAL || errno == EPERM)) {
        // A file system without it, or a kernel before 5.8: in two steps, between which the lower file is to be seen.
        result = ::renameat(old_dir.dir(), from.name.c_str(), new_dir.dir(), to.name.c_str());
        if (const int error = result == 0 ? put_whiteout(lock, from) : errno) return error;
    }
    if (result != 0) return errno;
    if (over_whiteout && !leave_whiteout) ::unlinkat(old_dir.dir(), from.name.c_str(), 0);
    if (to.node != nullptr)
        if (const int error = forget_name(lock, to, true)) return error;
    detach(lock, from);
    settle(lock, to, node, type);
    move.from_dir.stale = true;
    hide(from, leave_whiteout);
    return 0;
}

int Overlay::do_exchange(const TreeLock& lock, const Move& move) {
    Entry& from = *move.from;
    Entry& to = *move.to;
    Node &one = *from.node, &other = *to.node;
    Place old_dir, new_dir;
    if (const int error = upper_place_of(lock, move.from_dir, old_dir)) return error;
    if (const int error = upper_place_of(lock, move.to_dir, new_dir)) return error;
    if (const int error = hide_what_is_below(lock, one, to)) return error;
    if (const int error = hide_what_is_below(lock, other, from)) return error;
    if (::renameat2(old_dir.dir(), from.name.c_str(), new_dir.dir(), to.name.c_str(), RENAME_EXCHANGE) != 0) return errno;
    const unsigned char one_type = from.type, other_type = to.type;
    detach(lock, from);
    detach(lock, to);
    settle(lock, to, one, one_type);
    settle(lock, from, other, other_type);
    return 0;
}

/// The node is at that place now.
void Overlay::settle(const TreeLock& lock, Entry& entry, Node& node, unsigned char type) {
    show(entry, upper_layer, type);
    attach(lock, entry, node);
    node.stale = true;
    entry.dir->stale = true;
    if (!node.is_dir()) return;
    ++entry.dir->holds;
    --node.parent->holds;
    node.parent = entry.dir;
    node.name = entry.name;
}

} // namespace storage::fuse
