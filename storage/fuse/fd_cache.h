// Open descriptors of layers' directories and files, a bounded number of them. Private to storage/fuse.
#pragma once

#include "storage/fuse/node.h"

#include <cstddef>
#include <list>
#include <mutex>
#include <unordered_map>

namespace storage::fuse {

/// The least recently used ones go. Whoever holds a pointer keeps its descriptor open regardless. Has a lock of its own, taken
/// last and never held over a system call other than close.
class FdCache {
public:
    /// What a descriptor is of a node: the directory in a layer (its number), or the content of a file.
    using Slot = std::uint32_t;
    static constexpr Slot content = 0x10000;

    explicit FdCache(std::size_t capacity) : capacity_(capacity) {}

    FdPtr find(const Node& node, Slot slot);
    void put(const Node& node, Slot slot, FdPtr fd);
    void drop(const Node& node, Slot slot);
    std::size_t size();

private:
    struct Key {
        const Node* node;
        Slot slot;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<const void*>()(key.node) ^ (static_cast<std::size_t>(key.slot) * 0x9e3779b97f4a7c15U);
        }
    };
    struct Item {
        Key key;
        FdPtr fd;
    };

    const std::size_t capacity_;
    std::mutex mutex_;
    std::list<Item> order_; ///< most recently used first
    std::unordered_map<Key, std::list<Item>::iterator, Hash> items_;
};

} // namespace storage::fuse
