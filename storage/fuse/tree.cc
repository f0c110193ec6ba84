// Nodes: made, found again, forgotten; and where their files are on disk. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "storage/fuse/whiteout.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace storage::fuse {
namespace {

constexpr std::uint32_t overflow_id = 65534; // /proc/sys/kernel/overflowuid
constexpr int dir_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// A number that an attribute holds as text, and what follows it behind a space.
struct Mark {
    std::int64_t number = 0;
    std::string text;
};
std::optional<Mark> find_mark(const Place& place, const char* attribute) {
    std::array<char, 80> text{};
    const ssize_t size = place.get_attribute(attribute, text.data(), text.size());
    Mark mark;
    if (size <= 0) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + size, mark.number);
    if (error != std::errc()) return std::nullopt;
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + size - end));
    if (!rest.empty()) mark.text = rest.substr(1);
    return mark;
}

/// The name under which a file of a lower layer with several names is in the index once it has been copied up.
std::string index_name(std::size_t layers, const InodeKey& key) { return std::to_string(layers - key.layer) + "-" + std::to_string(key.inode); }

} // namespace

int Overlay::writable() const noexcept { return layers_[upper_layer].root ? 0 : EROFS; }

std::string Overlay::temporary_name() { return "t" + std::to_string(++serial_); }

/// Inode numbers of the layers' file system are unique as they are; those of further ones get the upper bits changed.
std::uint64_t Overlay::shown_inode(dev_t device, ino_t inode) {
    auto found = std::ranges::find(devices_, device);
    if (found == devices_.end()) found = devices_.insert(found, device);
    return inode ^ (static_cast<std::uint64_t>(found - devices_.begin()) << 52);
}

/// Whoever has no number there is nobody; the engine refuses such images beforehand (storage/id_shift.h).
void Overlay::shift_owner(Node& node) const noexcept {
    if (!layers_[node.layer].shifted) return;
    node.st.st_uid = shift_.find_uid(node.st.st_uid).value_or(overflow_id);
    node.st.st_gid = shift_.find_gid(node.st.st_gid).value_or(overflow_id);
}

/// How the owners of what it is in a lower layer are shown; null: as they are.
const IdShift* Overlay::shift_of(const Node& node) const noexcept { return !node.upper && layers_[node.layer].shifted ? &shift_ : nullptr; }

/// The directory as it is in one layer. Opens what is missing on the way down from the nearest ancestor that is open.
FdPtr Overlay::dir_fd(const TreeLock&, Node& dir, LayerNumber layer, int& error) {
    if (FdPtr known = cache_.find(dir, layer)) return known;
    std::vector<Node*> missing{&dir};
    FdPtr at;
    for (Node* above = dir.parent; above != nullptr && !(at = cache_.find(*above, layer)); above = above->parent) missing.push_back(above);
    for (; !missing.empty(); missing.pop_back()) {
        Node& next = *missing.back();
        const bool is_root = next.parent == nullptr;
        UniqueFd fd(::openat(is_root ? layers_[layer].root.get() : at->get(), is_root ? "." : next.name.c_str(), dir_flags));
        if (!fd) {
            error = errno;
            return nullptr;
        }
        at = std::make_shared<UniqueFd>(std::move(fd));
        cache_.put(next, layer, at);
    }
    return at;
}

int Overlay::upper_place_of(const TreeLock& lock, Node& node, Place& place) {
    int error = 0;
    place.name.clear();
    if (node.anchor) {
        place.fd = node.anchor;
        return 0;
    }
    if (node.is_dir()) return (place.fd = dir_fd(lock, node, upper_layer, error)) ? 0 : error;
    for (const Entry* entry : node.names) {
        if (!entry->in_upper()) continue;
        place.name = entry->name;
        return (place.fd = dir_fd(lock, *entry->dir, upper_layer, error)) ? 0 : error;
    }
    return ENOENT; // cannot be: it would have an anchor
}

int Overlay::place_of(const TreeLock& lock, Node& node, Place& place) {
    if (node.upper) return upper_place_of(lock, node, place);
    int error = 0;
    place.name = node.is_dir() ? std::string() : node.name;
    Node& dir = node.is_dir() ? node : *node.parent;
    return (place.fd = dir_fd(lock, dir, node.layer, error)) ? 0 : error;
}

Node& Overlay::new_node(const TreeLock&, Node* parent, std::string_view name) {
    auto node = std::make_unique<Node>();
    node->parent = parent;
    node->name = name;
    if (parent != nullptr) ++parent->holds;
    return *node.release();
}

Node* Overlay::find_key(const TreeLock&, const InodeKey& key) {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : found->second;
}

void Overlay::add_key(const TreeLock&, Node& node, const InodeKey& key) {
    if (by_key_.emplace(key, &node).second) node.keys.push_back(key);
}

void Overlay::attach(const TreeLock&, Entry& entry, Node& node) {
    entry.node = &node;
    ++entry.dir->holds;
    node.names.push_back(&entry);
}

/// The caller looks after the node and, with free_if_unused, the directory.
void Overlay::detach(const TreeLock&, Entry& entry) {
    std::erase(entry.node->names, &entry);
    entry.node = nullptr;
    --entry.dir->holds;
}

/// Nodes go when neither the kernel nor another node needs them; then perhaps the one above can go as well.
void Overlay::free_if_unused(const TreeLock& lock, Node* node) {
    while (node != nullptr && node != root_ && node->lookups == 0 && node->holds == 0 && !(node->pinned && !node->names.empty())) {
        Node* above = node->parent;
        std::vector<Node*> dirs;
        for (Entry* entry : node->names) {
            entry->node = nullptr;
            --entry->dir->holds;
            if (entry->dir != above && std::ranges::find(dirs, entry->dir) == dirs.end()) dirs.push_back(entry->dir);
        }
        for (const InodeKey& key : node->keys) by_key_.erase(key);
        if (node->is_dir())
            for (const LayerNumber layer : node->dir->layers) cache_.drop(*node, layer);
        cache_.drop(*node, node->is_dir() ? upper_layer : FdCache::content);
        delete node;
        if (above != nullptr) --above->holds;
        for (Node* dir : dirs) free_if_unused(lock, dir);
        node = above;
    }
}

/// What is known of an upper file only by our own attributes: the number it had below, its names there.
void Overlay::read_upper_marks(Node& node, const Place& place) {
    if (!S_ISREG(node.st.st_mode)) return;
    if (const auto origin = find_mark(place, origin_attribute)) node.shown_inode = static_cast<std::uint64_t>(origin->number);
    if (node.st.st_nlink < 2 && !node.anchor) return; // an anchor: found in the index
    if (const auto links = find_mark(place, links_attribute)) {
        node.index_name = links->text;
        node.lower_names = links->number;
    }
}

/// The node of a place that has none yet; the node of another of its names where there is one.
int Overlay::make_node_of(const TreeLock& lock, Entry& entry, Node*& node) {
    node = entry.node;
    if (node != nullptr) return 0;
    int error = 0;
    Place place{dir_fd(lock, *entry.dir, entry.layer, error), entry.name};
    if (!place.fd) return error;
    struct stat st {};
    if ((error = place.stat(st)) != 0) return error;
    LayerNumber layer = entry.layer;
    if (!S_ISDIR(st.st_mode) && st.st_nlink > 1) {
        const InodeKey key{layer, st.st_dev, st.st_ino};
        if ((node = find_key(lock, key)) == nullptr && layer != upper_layer && has_index_) {
            // Copied up under another of its names, and perhaps forgotten since.
            const std::string indexed = index_name(layers_.size(), key);
            struct stat copy {};
            if (::fstatat(index_.get(), indexed.c_str(), &copy, AT_SYMLINK_NOFOLLOW) == 0) {
                place = {std::make_shared<UniqueFd>(::openat(index_.get(), indexed.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)), ""};
                if (!*place.fd) return errno;
                st = copy;
                layer = upper_layer;
                node = find_key(lock, {layer, st.st_dev, st.st_ino});
            }
        }
        if (node != nullptr) {
            attach(lock, entry, *node);
            return 0;
        }
    }
    Node& made = new_node(lock, entry.dir, entry.name);
    made.st = st;
    made.layer = layer;
    made.upper = layer == upper_layer;
    attach(lock, entry, made);
    if (made.upper && entry.layer != upper_layer) made.anchor = place.fd;
    if ((error = fill_node(lock, made, entry, place)) != 0) {
        free_if_unused(lock, &made);
        return error;
    }
    node = &made;
    return 0;
}

int Overlay::fill_node(const TreeLock& lock, Node& node, Entry& entry, const Place& place) {
    if (layers_[node.layer].override_stat) {
        const FoundOverride found = find_override_stat(place.path());
        if (found.says) apply_override_stat(*found.says, node.st);
        if (!found.there && !S_ISREG(node.st.st_mode) && !S_ISDIR(node.st.st_mode)) node.st.st_uid = node.st.st_gid = 0; // cannot have it
    }
    shift_owner(node);
    node.shown_inode = shown_inode(node.st.st_dev, node.st.st_ino);
    if (!S_ISDIR(node.st.st_mode)) {
        if (node.st.st_nlink > 1 || node.anchor) add_key(lock, node, {node.layer, node.st.st_dev, node.st.st_ino});
        if (node.upper) {
            read_upper_marks(node, place);
            node.stale = !node.index_name.empty();
        }
        node.st.st_ino = node.shown_inode;
        return 0;
    }
    node.dir = std::make_unique<Directory>();
    node.dir->layers = entry.dir_layers;
    if (const int error = trim_layers(lock, node)) return error;
    // A directory keeps its number when it is copied up: it is that of the topmost lower one.
    if (node.upper && node.dir->layers.size() > 1) {
        int error = 0;
        struct stat lower {};
        const FdPtr fd = dir_fd(lock, node, node.dir->layers[1], error);
        if (!fd) return error;
        if (::fstat(fd->get(), &lower) != 0) return errno;
        node.shown_inode = shown_inode(lower.st_dev, lower.st_ino);
    }
    if (node.dir->layers.size() > 1) node.st.st_nlink = 1; // nobody counts the subdirectories of a merged one
    node.st.st_ino = node.shown_inode;
    return 0;
}

/// Attributes of an upper file after a change.
int Overlay::refresh(const TreeLock& lock, Node& node) {
    if (!node.stale.exchange(false)) return 0; // before looking: a change meanwhile makes it stale again
    Place place;
    int error = 0;
    if (const FdPtr content = node.is_dir() ? nullptr : cache_.find(node, FdCache::content)) place.fd = content;
    else if ((error = upper_place_of(lock, node, place)) != 0) return error;
    struct stat st {};
    if ((error = place.stat(st)) != 0) return error;
    node.st = st;
    node.st.st_ino = node.shown_inode;
    if (node.is_dir() && node.dir->layers.size() > 1) node.st.st_nlink = 1;
    if (!node.is_dir()) node.st.st_nlink += static_cast<nlink_t>(node.lower_names) - (node.index_name.empty() ? 0U : 1U);
    return 0;
}

int Overlay::hand_over(const TreeLock& lock, Entry& entry, Found& found) {
    if (const int error = make_node_of(lock, entry, found.node)) return error;
    if (const int error = refresh(lock, *found.node)) return error;
    found.st = found.node->st;
    ++found.node->lookups;
    return 0;
}

int Overlay::lookup(Node& dir, const char* name, Found& found) {
    if (std::strlen(name) > NAME_MAX) return ENAMETOOLONG; // FUSE itself lets names of up to 1024 bytes through
    const TreeLock lock(mutex_);
    if (const int error = load(lock, dir)) return error;
    Entry* entry = find_entry(dir, name);
    if (entry == nullptr || !entry->visible()) return 0;
    return hand_over(lock, *entry, found);
}

void Overlay::forget(Node& node, std::uint64_t count) {
    const TreeLock lock(mutex_);
    node.lookups -= std::min(count, node.lookups);
    free_if_unused(lock, &node);
}

int Overlay::get_attributes(Node& node, struct stat& st) {
    const TreeLock lock(mutex_);
    if (const int error = refresh(lock, node)) return error;
    st = node.st;
    return 0;
}

} // namespace storage::fuse
