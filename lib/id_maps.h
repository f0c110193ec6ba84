// A container's id maps, and its image's layers as those maps have to see them.
#pragma once

#include "base/lock.h"
#include "lib/engine.h"
#include "lib/id_map_option.h"
#include "lib/namespace_mode.h"
#include "lib/run.h"
#include "rootless/layer_view.h"
#include "storage/store.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lib {

struct ChosenMaps {
    rootless::IdMaps maps;                ///< container ids to ids of this machine
    NamespaceMode mode;                   ///< of the user namespace: a new one, or one to join
    std::optional<std::string> user;      ///< who keep-id's container runs as unless somebody else is asked for
    std::optional<FileLock> range_lock;   ///< held until the record is published: nobody else chooses a range for auto meanwhile
};

/// From the options, and $PODMAN_USERNS where --userns is not given (podman-run(1)). For auto the image's layers say how many
/// ids are needed. Throws Error naming the option that cannot be had.
ChosenMaps choose_maps(Engine& engine, const CreateRequest& request, const storage::Image& image, const storage::OpenLayers& layers);

/// What shows the image's files with the owners that the maps need: `recorded`, what the container was made with, unless the engine
/// was told otherwise. Throws Error where nothing can. `diff_ids`: bottom first.
StorageDriver choose_driver_for(Engine& engine, std::optional<StorageDriver> recorded, const std::vector<std::string>& diff_ids,
                                const rootless::IdMaps& maps);

/// The store's id for an id of the container. Throws Error where the map does not have it.
std::uint32_t in_store(const std::vector<rootless::IdRange>& container, const std::vector<rootless::IdRange>& store, std::uint32_t id);

/// The layers of a container's root file system.
struct RootLayers {
    StorageDriver driver = StorageDriver::overlay;
    std::vector<UniqueFd> shifted; ///< opened here
    std::vector<int> lower;        ///< borrowed, topmost first: of the image or of `shifted`
    std::vector<int> data;         ///< borrowed: where `shifted` has its content
    std::vector<std::string> pointers; ///< where each of `lower` is in `data`, for our overlay below the kernel's; empty: it is not
    std::string shift;             ///< storage::IdShift::text() of what our own overlay does to the owners of `lower`; empty: nothing

    /// For a look at them from outside. `top`: a layer above them, or -1.
    rootless::LayerFds fds(int top = -1) const;
};

/// The layers themselves where the maps show every file's owner as the image has it, and with our own overlay; else trees with other
/// owners (storage/id_shift.h), made when they are needed first. `diff_ids`: bottom first. Throws Error where `driver` cannot.
RootLayers root_layers(Engine& engine, const storage::OpenLayers& layers, const std::vector<std::string>& diff_ids,
                       const rootless::IdMaps& maps, StorageDriver driver);

/// The same for the overlays among the mounts (option O, --mount type=image), which name the layers of images themselves in the
/// document on disk: they come to name the shifted tree, or become mounts of our own overlay. Before each start, and each look at
/// the files. Throws Error where `driver` cannot.
void prepare_overlay_mounts(Engine& engine, oci::RuntimeSpec& spec, StorageDriver driver);

/// The trees (storage::shift_key) that containers use or would be started with. Whoever makes a container asks for its tree only
/// when it has been published, so with the store locked this is all of them. nullopt where a container cannot be read.
std::optional<std::set<std::string>> find_used_trees(const Engine& engine);

} // namespace lib
