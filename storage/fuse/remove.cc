// Removing: unlink and rmdir, and the whiteouts that take the place of what is below. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "storage/fuse/dir_names.h"
#include "storage/fuse/whiteout.h"

#include <fcntl.h>
#include <dirent.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

namespace storage::fuse {
namespace {

constexpr const char* shared_whiteout = "whiteout";

/// Everything in a directory that has no directories: whiteouts.
int remove_names(int dir) {
    std::vector<std::string> names;
    if (const int error = for_each_name(dir, [&](const std::string& name, unsigned char) { names.push_back(name); return 0; })) return error;
    for (const std::string& name : names)
        if (::unlinkat(dir, name.c_str(), 0) != 0) return errno;
    return 0;
}

} // namespace

/// A whiteout with a temporary name. All are links to one file, which needs no inode each (the kernel's overlay does the same).
int Overlay::make_whiteout(const TreeLock&, std::string& name) {
    name = temporary_name();
    const auto link = [&] { return ::linkat(temporary_.get(), shared_whiteout, temporary_.get(), name.c_str(), 0) == 0 ? 0 : errno; };
    if (has_whiteout_ && link() == 0) return 0;
    if (has_whiteout_) ::unlinkat(temporary_.get(), shared_whiteout, 0); // it has as many links as it can have
    has_whiteout_ = false;
    if (const int error = storage::make_whiteout(temporary_.get(), shared_whiteout, whiteout_form_)) return error;
    has_whiteout_ = true;
    return link();
}

/// Before a whiteout goes there.
int Overlay::prepare_for_whiteout(const Place& dir) const noexcept {
    return whiteout_form_ == WhiteoutForm::attribute ? mark_for_whiteouts(dir.dir()) : 0;
}

/// At a place where the upper directory has nothing or something else than a directory.
int Overlay::put_whiteout(const TreeLock& lock, Entry& entry) {
    Place above;
    if (const int error = upper_place_of(lock, *entry.dir, above)) return error;
    std::string name;
    if (const int error = make_whiteout(lock, name)) return error;
    if (const int error = prepare_for_whiteout(above)) return error;
    if (::renameat(temporary_.get(), name.c_str(), above.dir(), entry.name.c_str()) == 0) return 0;
    const int error = errno;
    ::unlinkat(temporary_.get(), name.c_str(), 0);
    return error;
}

/// Before `going` is removed: the kernel may still use the file, so it must be found without that name.
int Overlay::keep_anchor(const TreeLock& lock, Node& node, const Entry& going) {
    if (node.anchor || !node.upper) return 0;
    for (const Entry* entry : node.names)
        if (entry != &going && entry->in_upper()) return 0;
    if (FdPtr content = cache_.find(node, FdCache::content)) {
        node.anchor = std::move(content);
        return 0;
    }
    Place place;
    if (const int error = upper_place_of(lock, node, place)) return error;
    UniqueFd fd(::openat(place.dir(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return errno;
    node.anchor = std::make_shared<UniqueFd>(std::move(fd));
    return 0;
}

/// A name is gone from disk (or hidden by a whiteout): from memory as well.
int Overlay::forget_name(const TreeLock& lock, Entry& entry, bool whiteout) {
    Node* node = entry.node;
    const bool was_upper = entry.in_upper();
    Node* dir = entry.dir;
    dir->stale = dir->upper.load();
    int error = 0;
    if (node != nullptr) {
        detach(lock, entry);
        if (node->is_dir()) node->st.st_nlink = 0;
        else if (!node->upper) --node->st.st_nlink;
        else node->stale = true;
        if (node->upper && !node->is_dir() && !was_upper) {
            --node->lower_names;
            error = save_lower_names(lock, *node);
        }
        if (!node->index_name.empty() && error == 0 && (error = refresh(lock, *node)) == 0 && node->st.st_nlink == 0) {
            // That was its last name but the one in the index, and whoever has it open has an anchor.
            ::unlinkat(index_.get(), node->index_name.c_str(), 0);
            node->index_name.clear();
            node->stale = true;
        }
    }
    hide(entry, whiteout);
    if (node != nullptr) free_if_unused(lock, node);
    free_if_unused(lock, dir);
    return error;
}

int Overlay::unlink(Node& dir, const char* name) {
    if (const int error = writable()) return error;
    const TreeLock lock(mutex_);
    if (const int error = load(lock, dir)) return error;
    Entry* entry = find_entry(dir, name);
    if (entry == nullptr || !entry->visible()) return ENOENT;
    if (entry->type == DT_DIR) return EISDIR;
    if (const int error = copy_up_parents(lock, dir)) return error;
    Node* node = nullptr;
    if (const int error = make_node_of(lock, *entry, node)) return error;
    if (const int error = keep_anchor(lock, *node, *entry)) return error;
    int error = 0;
    if (entry->has_lower) {
        error = put_whiteout(lock, *entry);
    } else {
        Place above;
        if ((error = upper_place_of(lock, dir, above)) == 0 && ::unlinkat(above.dir(), name, 0) != 0) error = errno;
    }
    return error != 0 ? error : forget_name(lock, *entry, entry->has_lower);
}

/// An upper directory without anything visible, under a temporary name: removed, with the whiteouts in it.
int Overlay::discard_dir(const TreeLock&, int at, const std::string& name) {
    if (::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0) return 0;
    if (errno != ENOTEMPTY && errno != EEXIST) return errno;
    const UniqueFd dir(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!dir) return errno;
    if (const int error = remove_names(dir.get())) return error;
    return ::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0 ? 0 : errno;
}

int Overlay::remove_dir(Node& dir, const char* name) {
    if (const int error = writable()) return error;
    const TreeLock lock(mutex_);
    if (const int error = load(lock, dir)) return error;
    Entry* entry = find_entry(dir, name);
    if (entry == nullptr || !entry->visible()) return ENOENT;
    if (entry->type != DT_DIR) return ENOTDIR;
    Node* node = nullptr;
    if (const int error = make_node_of(lock, *entry, node)) return error;
    if (const int error = load(lock, *node)) return error;
    if (!node->dir->by_cookie.empty()) return ENOTEMPTY;
    if (const int error = copy_up_parents(lock, dir)) return error;
    Place above;
    if (const int error = upper_place_of(lock, dir, above)) return error;
    if (!entry->in_upper()) {
        if (const int error = put_whiteout(lock, *entry)) return error;
    } else if (!entry->has_lower) {
        if (const int error = discard_dir(lock, above.dir(), name)) return error;
    } else {
        std::string whiteout;
        if (const int error = make_whiteout(lock, whiteout)) return error;
        if (const int error = prepare_for_whiteout(above)) return error;
        if (::renameat2(temporary_.get(), whiteout.c_str(), above.dir(), name, RENAME_EXCHANGE) != 0) {
            const int error = errno;
            ::unlinkat(temporary_.get(), whiteout.c_str(), 0);
            return error;
        }
        discard_dir(lock, temporary_.get(), whiteout); // what fails is left to the next start
    }
    return forget_name(lock, *entry, entry->has_lower);
}

/// For a directory about to be replaced: the upper one has nothing in it any more, not even whiteouts.
int Overlay::clear_upper_dir(const TreeLock& lock, Entry& entry) {
    int error = 0;
    const FdPtr dir = dir_fd(lock, *entry.node, upper_layer, error);
    if (!dir) return error;
    if (entry.node->dir->by_name.empty()) return 0;
    // What is below must not come to light, whatever happens after the first whiteout is gone.
    if (::fsetxattr(dir->get(), opaque_attribute, "y", 1, 0) != 0) return errno;
    return remove_names(dir->get());
}

} // namespace storage::fuse
