// Directories: the names of all layers read and merged, once; and set-up and end of the whole. See storage/fuse/overlay.h.
#include "storage/fuse/overlay.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/fuse/dir_names.h"
#include "storage/fuse/whiteout.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <set>

namespace storage::fuse {
namespace {

constexpr off_t large_dir = 64 << 10; ///< bytes that the file system says it has: on most thousands of names, which take milliseconds

/// How many descriptors may be kept open: what the process may have, less a reserve.
std::size_t cache_capacity() {
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return std::clamp<std::size_t>(limit.rlim_cur / 2, 16, 8192);
}

UniqueFd make_and_open(int dir, const char* name) {
    if (::mkdirat(dir, name, 0700) != 0 && errno != EEXIST) throw SysError{errno, cat("make ", name, " in the work directory")};
    return files::open_dir_at(dir, name);
}

/// The directory itself as a path.
std::string inside(const UniqueFd& directory) { return "/proc/self/fd/" + std::to_string(directory.get()) + "/."; }

} // namespace

Overlay::Overlay(Sources sources)
    : shift_(std::move(sources.shift)), volatile_(sources.is_volatile), before_wait_(sources.before_wait), slow_work_(sources.slow_work), cache_(cache_capacity()) {
    ::umask(0);
    const bool writable = static_cast<bool>(sources.upper);
    if (!sources.pointers.empty() && (writable || sources.pointers.size() != sources.lowers.size()))
        throw Error("pointers are for an overlay that is read-only, one for each of its directories");
    layers_.push_back({std::move(sources.upper)});
    for (UniqueFd& lower : sources.lowers) {
        std::string pointer = sources.pointers.empty() ? "" : std::move(sources.pointers[layers_.size() - 1]);
        const bool shifted = !shift_.empty() && !(sources.top_as_is && layers_.size() == 1);
        const bool has_override = find_override_stat(inside(lower)).there;
        layers_.push_back({std::move(lower), shifted, std::move(pointer), has_override});
    }
    if (layers_.size() + (writable ? 1 : 0) < 2) throw Error("an overlay needs a directory");
    if (layers_.size() > 0xffff) throw Error("an overlay of more than 65534 directories");
    if (writable) {
        files::remove_tree(sources.work.get(), "ctl-tmp");
        temporary_ = make_and_open(sources.work.get(), "ctl-tmp");
        index_ = make_and_open(sources.work.get(), "ctl-index");
        has_index_ = !files::list(index_.get(), ".").empty();
    }
    const TreeLock lock(mutex_);
    Node& root = new_node(lock, nullptr, "");
    root_ = &root;
    root.lookups = 1;
    root.dir = std::make_unique<Directory>();
    for (std::size_t number = writable ? 0 : 1; number < layers_.size(); ++number) root.dir->layers.push_back(static_cast<LayerNumber>(number));
    root.upper = writable;
    root.layer = root.dir->layers.front();
    if (::fstat(layers_[root.layer].root.get(), &root.st) != 0) throw SysError{errno, "look at the topmost directory"};
    if (layers_[root.layer].override_stat) {
        const FoundOverride found = find_override_stat(inside(layers_[root.layer].root));
        if (found.says) apply_override_stat(*found.says, root.st);
    }
    shift_owner(root);
    if (const int error = trim_layers(lock, root)) throw SysError{error, "look at the layers"};
    root.shown_inode = root.st.st_ino = shown_inode(root.st.st_dev, root.st.st_ino);
    if (root.dir->layers.size() > 1) root.st.st_nlink = 1;
}

/// The kernel is gone and takes its references with it.
Overlay::~Overlay() {
    std::set<Node*> nodes{root_};
    for (std::vector<Node*> dirs{root_}; !dirs.empty();) {
        const Node* dir = dirs.back();
        dirs.pop_back();
        for (const auto& [name, entry] : dir->dir->by_name)
            if (entry->node != nullptr && nodes.insert(entry->node).second && entry->node->is_dir()) dirs.push_back(entry->node);
    }
    for (const Node* node : nodes) delete node;
}

Entry* Overlay::find_entry(Node& dir, std::string_view name) {
    const auto found = dir.dir->by_name.find(name);
    return found == dir.dir->by_name.end() ? nullptr : found->second.get();
}

Entry& Overlay::ensure_entry(Node& dir, std::string_view name) {
    if (Entry* known = find_entry(dir, name)) return *known;
    auto entry = std::make_unique<Entry>();
    entry->dir = &dir;
    entry->name = name;
    Entry& made = *entry;
    dir.dir->by_name.emplace(made.name, std::move(entry));
    return made;
}

void Overlay::show(Entry& entry, LayerNumber layer, unsigned char type) {
    Directory& directory = *entry.dir->dir;
    if (!entry.visible()) {
        entry.cookie = directory.next_cookie++;
        directory.by_cookie.emplace(entry.cookie, &entry);
    }
    entry.layer = layer;
    entry.type = type;
    entry.whiteout = false;
    entry.dir_layers.clear();
    if (type == DT_DIR) entry.dir_layers.push_back(layer);
}

/// Nothing is to be seen here any more. Without anything below and without a node the entry itself goes.
void Overlay::hide(Entry& entry, bool whiteout) {
    Directory& directory = *entry.dir->dir;
    if (entry.visible()) directory.by_cookie.erase(entry.cookie);
    entry.cookie = 0;
    entry.whiteout = whiteout;
    entry.dir_layers.clear();
    if (!entry.has_lower && !whiteout && entry.node == nullptr) directory.by_name.erase(entry.name);
}

/// Cuts the layers below an opaque one off.
int Overlay::trim_layers(const TreeLock& lock, Node& dir) {
    std::vector<LayerNumber>& layers = dir.dir->layers;
    for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
        int error = 0;
        const FdPtr fd = dir_fd(lock, dir, layers[i], error);
        if (!fd) return error;
        const bool opaque = find_opaque(fd->get()) == Opaque::yes ||
                            (layers[i] != upper_layer && ::faccessat(fd->get(), ".wh..wh..opq", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
        if (opaque) layers.resize(i + 1);
    }
    return 0;
}

int Overlay::load(const TreeLock& lock, Node& dir) {
    if (!dir.is_dir()) return ENOTDIR;
    if (dir.dir->loaded) return 0;
    bool is_large = false;
    const auto merge = [&] {
        for (const LayerNumber layer : dir.dir->layers)
            if (const int error = load_layer(lock, dir, layer)) return error; // continued by whoever asks next: names merge again
        return 0;
    };
    for (const LayerNumber layer : dir.dir->layers) {
        int error = 0;
        const FdPtr fd = dir_fd(lock, dir, layer, error);
        struct stat st {};
        if (!fd) return error;
        is_large |= ::fstat(fd->get(), &st) == 0 && st.st_size >= large_dir;
    }
    if (const int error = is_large ? slow_work_(merge) : merge()) return error;
    dir.dir->loaded = true;
    return 0;
}

/// The names that one layer has, under those that layers above it have.
int Overlay::load_layer(const TreeLock& lock, Node& dir, LayerNumber layer) {
    int error = 0;
    const FdPtr fd = dir_fd(lock, dir, layer, error);
    if (!fd) return error;
    const bool has_xattr_whiteouts = find_opaque(fd->get()) != Opaque::no;
    const bool is_upper = layer == upper_layer;
    return for_each_name(fd->get(), [&](const std::string& name, unsigned char type) {
        LayerName meaning{NameKind::ordinary, name};
        if (!is_upper && name.starts_with(".wh.")) meaning = parse_layer_name(name);
        if (meaning.kind == NameKind::opaque) return 0;
        bool whiteout = meaning.kind == NameKind::whiteout;
        if (!whiteout && (type == DT_CHR || type == DT_UNKNOWN)) {
            struct stat st {};
            if (::fstatat(fd->get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return errno;
            type = static_cast<unsigned char>(IFTODT(st.st_mode));
            whiteout = is_whiteout(st);
        }
        if (!whiteout && has_xattr_whiteouts && type == DT_REG) whiteout = is_xattr_whiteout(fd->get(), name);
        Entry& entry = ensure_entry(dir, meaning.name);
        if (is_upper) {
            if (whiteout) entry.whiteout = true;
            else show(entry, layer, type);
            entry.closed = whiteout;
            return 0;
        }
        const bool is_new = !entry.lower_decided;
        if (is_new) {
            entry.lower_decided = true;
            entry.has_lower = !whiteout;
        }
        if (entry.closed) return 0;
        if (whiteout || (entry.visible() && (type != DT_DIR || entry.type != DT_DIR))) entry.closed = true;
        else if (!entry.visible()) show(entry, layer, type);
        else entry.dir_layers.push_back(layer);
        return 0;
    });
}

} // namespace storage::fuse
