// Which overlay file system merges a container's layers: the kernel's, or our own on FUSE (storage/fuse/overlay.h).
//
// Both work on the same directories and read what the other wrote, so the choice is made at each start. The kernel's is taken where
// it can be had without making a large tree for it first; a container says otherwise when it is made with --storage-driver.
//
// Where an id map needs other owners than the layers have, both can go together ("combined"): ours shows names and metadata with those
// owners to the kernel's overlay, which finds the content in the layers by itself (storage/fuse/pointers.cc).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lib {

struct Engine;

enum class StorageDriver { overlay, fuse, combined };

std::string_view to_string(StorageDriver driver);

/// Whether a process of ours answers for some of the files.
inline bool is_on_fuse(StorageDriver driver) noexcept { return driver != StorageDriver::overlay; }

/// Nothing for "". Throws Error for names that there are not.
std::optional<StorageDriver> parse_storage_driver(std::string_view text);

/// Whether the maps of a container show its image's files with the owners they have in the store.
enum class LayerOwners {
    as_stored,
    shifted,
    shifted_many, ///< and the kernel's overlay needs a tree with the other owners that is not there yet, and would take long to make
    shifted_links, ///< and some layers are links to another store's: the kernel follows none from the tree that shows other owners
    in_attributes ///< the layers are of a store that all users may read (storage/override_stat.h)
};

/// `wanted`, or without it the one that works. Asks the kernel by a real mount once per boot. Throws Error where neither works, or
/// the one that is wanted does not.
StorageDriver choose_driver(Engine& engine, std::optional<StorageDriver> wanted, LayerOwners owners);

/// Why our own cannot work here; empty where it can.
std::string fuse_problem();

/// How `ctl --storage-driver` is handed on.
inline constexpr const char* storage_driver_variable = "CTL_STORAGE_DRIVER";

} // namespace lib
