// What the overlay knows of its files: nodes (inodes), entries (names in a directory), layers. Private to storage/fuse.
#pragma once

#include "base/unique_fd.h"

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace storage::fuse {

/// A descriptor that somebody may still be using when the cache has let go of it.
using FdPtr = std::shared_ptr<UniqueFd>;

/// 0 is the upper directory, lower ones count from 1, the topmost first. There always is a number 0, and no layer where the
/// overlay is read-only.
using LayerNumber = std::uint16_t;
inline constexpr LayerNumber upper_layer = 0;

struct Layer {
    UniqueFd root;              ///< directory; empty for the upper one of a read-only overlay
    bool shifted = false;       ///< owners are shown as the shift says
    std::string pointer;        ///< Sources::pointers
    bool override_stat = false; ///< owners and types are in attributes (fuse-overlayfs, containers/storage)
};

struct Node;

/// A place: a name in a directory, what the layers have under it, and the node where somebody asked for it.
struct Entry {
    Node* dir = nullptr;
    std::string name;
    Node* node = nullptr;         ///< holds `dir` while it is set
    std::uint64_t cookie = 0;     ///< position for readdir; 0 where nothing is to be seen
    LayerNumber layer = 0;        ///< the topmost layer that has it, while visible
    unsigned char type = 0;       ///< DT_… of it
    bool whiteout = false;        ///< the upper directory has a whiteout here
    bool has_lower = false;       ///< a lower layer would show through if the upper one had nothing
    bool lower_decided = false;   ///< while reading the layers: a lower layer has this name
    bool closed = false;          ///< while reading the layers: directories further down do not belong to it
    std::vector<LayerNumber> dir_layers; ///< of a directory: those merged, not yet trimmed by opaque ones

    bool visible() const noexcept { return cookie != 0; }
    bool in_upper() const noexcept { return visible() && layer == upper_layer; }
};

/// The names of a directory, as merged. Cookies only grow, so a reader that continues misses nothing that stayed.
struct Directory {
    std::vector<LayerNumber> layers; ///< topmost first
    bool loaded = false;
    std::uint64_t next_cookie = 3; ///< 1 and 2 are "." and ".."
    std::unordered_map<std::string_view, std::unique_ptr<Entry>> by_name; ///< keys point into the entries
    std::map<std::uint64_t, Entry*> by_cookie;                           ///< the visible ones
};

enum class Known : std::uint8_t { unknown, no, yes };

/// Finds the node of a further name of a file: layer, device, inode number.
struct InodeKey {
    LayerNumber layer;
    dev_t device;
    ino_t inode;
    auto operator<=>(const InodeKey&) const = default;
};

/// An inode. Its address is its number in the FUSE protocol. Everything but `stale`, `upper` and `copying` belongs to the
/// tree lock.
struct Node {
    Node* parent = nullptr;    ///< directories: above; others: of the lower place they were found in. Held.
    std::string name;          ///< in `parent`
    std::uint64_t lookups = 0; ///< what the kernel has to forget
    std::uint64_t holds = 0;   ///< entries below with a node, and nodes that have it as parent
    std::uint64_t shown_inode = 0;
    struct stat st {};                ///< as shown, unless stale
    std::atomic<bool> stale = false;  ///< the upper file changed: ask it
    std::atomic<bool> upper = false;  ///< the content and metadata are in the upper directory
    LayerNumber layer = 0;            ///< of the content while it is not
    bool pinned = false;              ///< has what would be forgotten with it (the inode number of a link copied up)
    std::string index_name;           ///< its name in the index, if it has one; see overlay.h
    std::int64_t lower_names = 0;     ///< of a file copied up: names it still has below
    Known attributes = Known::unknown;  ///< whether it has extended ones; with the overlay's own it counts as having some
    Known default_acl = Known::unknown; ///< of a directory
    std::mutex copying;               ///< one copy-up at a time
    FdPtr anchor;                     ///< of an upper file without a name that is known
    std::vector<Entry*> names;        ///< the known ones
    std::vector<InodeKey> keys;
    std::unique_ptr<Directory> dir;   ///< of directories

    bool is_dir() const noexcept { return dir != nullptr; }
};

} // namespace storage::fuse
