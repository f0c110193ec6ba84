// system prune and system reset.
#include "lib/system.h"

#include "base/error.h"
#include "base/files.h"
#include "lib/cleanup.h"
#include "lib/container_store.h"
#include "lib/containers.h"
#include "lib/id_maps.h"
#include "lib/tree_sizes.h"
#include "lib/usage.h"
#include "lib/volumes.h"
#include "storage/store.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

namespace lib {
namespace {

void prune_images(Engine& engine, storage::Store& store, bool all, SystemPruneResult& result) {
    std::set<std::string> used;
    for (const ContainerSummary& container : list_containers(engine, true)) used.insert(container.image_id);
    for (const storage::Image& image : store.own_images()) {
        if (used.contains(image.id) || !containers_mounting(engine, image.id).empty() || (!all && !image.names.empty())) continue;
        try {
            const auto removed = store.remove_image(image, "", {}, storage::Force::yes);
            if (!removed.deleted.empty()) result.images.push_back(storage::digest_hex(removed.deleted));
        } catch (const Error&) {
            continue; // taken into use or removed by somebody meanwhile
        }
    }
}

} // namespace

SystemPruneResult prune_system(Engine& engine, const SystemPruneOptions& options) {
    engine.load_maps();
    storage::Store store(engine.paths);
    store.ensure();
    SystemPruneResult result;
    const std::uint64_t before = tree_sizes(engine, {engine.paths.data}).front();
    result.containers = prune_containers(engine, {}).ids; // what cannot go was taken into use meanwhile
    prune_images(engine, store, options.all_images, result);
    if (options.volumes) result.volumes = prune_volumes(engine, {});
    result.leftovers = collect_half_containers(engine, false).size();
    const storage::Garbage garbage = store.collect_garbage(storage::Sweep::move, [&] { return find_used_trees(engine); });
    result.leftovers += garbage.leftovers;
    rootless::run_in_userns(engine.maps, [&] { store.empty_trash(); });
    const std::uint64_t after = tree_sizes(engine, {engine.paths.data}).front();
    result.reclaimed = before - std::min(before, after);
    return result;
}

void reset_system(Engine& engine) {
    engine.load_maps();
    for (const std::string& id : container_ids(engine)) {
        if (ContainerDir::find(engine, id)) remove_container(engine, id, {.force = true, .volumes = true, .timeout = {}});
    }
    // Files of subordinate ids are everywhere, so all of it is removed from inside the user namespace.
    rootless::run_in_userns(engine.maps, [&] {
        for (const std::string& name : files::list(AT_FDCWD, engine.paths.data))
            files::remove_tree(AT_FDCWD, engine.paths.data + "/" + name);
    });
}

} // namespace lib
