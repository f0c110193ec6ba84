// Layers for containers with another id map than the store's: the same tree with other owners, and not a byte copied.
//
// A layer holds the files of the image's user N as user N of the store's user namespace, which the default map shows as N.
// Another map shows other numbers. For it a tree is made beside the layer's, once for each layer and map, that has the
// directories, links and metadata with the owners the map needs, and in the place of every file an empty one of the same size
// that points to the content (user.overlay.metacopy, user.overlay.redirect). The kernel's overlay follows that into "data-only"
// lower layers, which the original trees are then (kernel documentation, overlayfs.rst, "Data-only lower layers"; with
// userxattr, that is for ordinary users, on new kernels only: asked for by a real mount).
//
//     layers/<diff-id>/maps/ids           the ids in use: where the map does not change them the layer itself will do
//     layers/<diff-id>/maps/<key>/fs/     the tree; <key>/map is a symbolic link that says the whole map
//
// The tree is metadata alone, which a journalling file system keeps in order: the rename that publishes it comes last, so a
// power cut leaves it whole or not at all. It goes with its layer.
#pragma once

#include "base/paths.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storage {

/// `count` ids of the image from `image` on are to be the store's ids from `store` on.
struct ShiftRange {
    std::uint32_t image;
    std::uint32_t store;
    std::uint32_t count;
    bool operator==(const ShiftRange&) const = default;
};

struct IdShift {
    std::vector<ShiftRange> uids;
    std::vector<ShiftRange> gids;
    bool operator==(const IdShift&) const = default;

    std::optional<std::uint32_t> find_uid(std::uint32_t id) const;
    std::optional<std::uint32_t> find_gid(std::uint32_t id) const;
    std::string text() const; ///< "u0:1:1000,1000:0:1;g…"
    std::string key() const;  ///< 16 digits made from it
};

/// The ids that own something in a layer.
struct LayerIds {
    std::vector<std::uint32_t> uids; ///< sorted
    std::vector<std::uint32_t> gids;
};
/// From its index, remembered beside it. `layer_dir`: layers/<hex>.
LayerIds layer_ids(const std::string& layer_dir);

/// Whether the layer itself is right as it is. Throws Error naming an id that the map does not have.
bool is_unchanged(const LayerIds& ids, const IdShift& shift);

/// The tree if it has been made.
std::optional<UniqueFd> find_shifted(const std::string& layer_dir, const IdShift& shift);
/// Makes it unless somebody else has meanwhile. Must be called inside the store's user namespace.
void make_shifted(const std::string& layer_dir, const IdShift& shift);

} // namespace storage
