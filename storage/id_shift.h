// Images for containers with another id map than the store's: the same tree with other owners, and not a byte copied.
//
// A layer holds the files of the image's user N as user N of the store's user namespace, which the default map shows as N.
// Another map shows other numbers. For it one tree is made, once for each stack of layers and map, that has the directories,
// links and metadata of all of them with the owners the map needs, and in the place of every file an empty one of the same size
// that points to the content (user.overlay.metacopy, user.overlay.redirect). The kernel's overlay follows that into a "data-only"
// lower layer, which the directory of all layers is then (kernel documentation, overlayfs.rst, "Data-only lower layers"; with
// userxattr, that is for ordinary users, on new kernels only: asked for by a real mount). One tree and not one for each layer,
// because for ordinary users the kernel follows from the bottommost ordinary layer alone (6.18: EPERM, "refusing to follow
// metacopy origin"); and not inside layers/, because layers must not lie in each other.
//
//     layers/<diff-id>/maps/ids     the ids in use: where the map does not change them the layers themselves will do
//     maps/<key>/fs/                the tree; <key>/map says the whole map and the layers, the topmost first
//
// The tree is metadata alone, which a journalling file system keeps in order, and `map`, which is synced: the rename that
// publishes it comes last, so a power cut leaves it whole or not at all. Garbage collection takes it when one of its layers is gone,
// and `system prune` when no container uses it.
#pragma once

#include "base/paths.h"
#include "base/unique_fd.h"
#include "storage/owner_shift.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storage {

/// The ids that own something in a layer.
struct LayerIds {
    std::vector<std::uint32_t> uids; ///< sorted
    std::vector<std::uint32_t> gids;
};
/// From its index, remembered beside it. `layer_dir`: layers/<hex>.
LayerIds layer_ids(const std::string& layer_dir);

/// Whether the layer itself is right as it is. Throws Error naming an id that the map does not have.
bool is_unchanged(const LayerIds& ids, const IdShift& shift);

/// The layers of an image, and where the store is.
struct LayerStack {
    std::string data_root;
    std::vector<std::string> layers; ///< names below layers/, the topmost first
};

/// 16 digits made from the map and the layers.
std::string shift_key(const LayerStack& stack, const IdShift& shift);
/// The tree if it has been made.
std::optional<UniqueFd> find_shifted(const LayerStack& stack, const IdShift& shift);
/// Makes it unless somebody else has meanwhile. Must be called inside the store's user namespace.
void make_shifted(const LayerStack& stack, const IdShift& shift);
/// The layers of a tree by the text of its `map`.
std::vector<std::string> parse_shifted_layers(const std::string& map);

} // namespace storage
