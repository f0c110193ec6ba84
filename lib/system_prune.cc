// system prune and system reset.
#include "lib/system.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/cleanup.h"
#include "lib/container_store.h"
#include "lib/containers.h"
#include "lib/id_maps.h"
#include "lib/image_filter.h"
#include "lib/transient.h"
#include "lib/tree_sizes.h"
#include "lib/usage.h"
#include "lib/volumes.h"
#include "storage/store.h"

#include <fcntl.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace lib {
namespace {

void prune_images(Engine& engine, storage::Store& store, const SystemPruneOptions& options, SystemPruneResult& result) {
    const ImageFilter filter(engine, options.filters, sys::realtime_ns());
    std::set<std::string> used, matching;
    for (const ImageSummary& image : list_images(engine))
        if (filter.matches(image)) matching.insert(image.id);
    for (const ContainerSummary& container : list_containers(engine, true)) used.insert(container.image_id);
    for (const storage::Image& image : store.own_images()) {
        if (!store.users_elsewhere(image.id).empty()) continue;
        if (used.contains(image.id) || !containers_mounting(engine, image.id).empty()) continue;
        if ((!options.all_images && !image.names.empty()) || !matching.contains(storage::digest_hex(image.id))) continue;
        try {
            const auto removed = store.remove_image(image, "", {}, storage::Force::yes);
            if (!removed.deleted.empty()) result.images.push_back(storage::digest_hex(removed.deleted));
        } catch (const Error&) {
            continue; // taken into use or removed by somebody meanwhile
        }
    }
}

/// On disk.
std::uint64_t size_of_all(Engine& engine) {
    std::vector<std::string> roots{engine.paths.data};
    if (engine.paths.image_root() != engine.paths.data) roots.push_back(engine.paths.image_root());
    const auto sizes = tree_sizes(engine, roots);
    return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
}

void prune_objects(Engine& engine, storage::Store& store, const SystemPruneOptions& options, SystemPruneResult& result) {
    result.containers = prune_containers(engine, parse_prune_filter(options.filters, sys::realtime_ns())).ids; // the others are in use again
    prune_images(engine, store, options, result);
    if (options.volumes) result.volumes = prune_volumes(engine, options.filters);
}

void empty(const std::string& root) {
    for (const std::string& name : files::list(AT_FDCWD, root)) files::remove_tree(AT_FDCWD, root + "/" + name);
}

} // namespace

SystemPruneResult prune_system(Engine& engine, const SystemPruneOptions& options) {
    engine.load_maps();
    storage::Store store(engine.paths);
    store.ensure();
    SystemPruneResult result;
    const storage::Root data_root(engine.paths.data);
    const std::uint64_t before = size_of_all(engine);
    if (!options.only_leftovers) prune_objects(engine, store, options, result);
    result.leftovers = remove_past_containers(engine);
    result.leftovers += collect_half_containers(engine, false).size();
    const bool all = options.all_images && options.filters.empty(); // a download matches nothing
    const storage::Garbage garbage = store.collect_garbage(
        storage::Sweep::move, [&] { return find_used_trees(engine); }, all ? storage::Downloads::dropped : storage::Downloads::kept);
    result.leftovers += garbage.leftovers;
    result.kept_downloads = garbage.kept_downloads;
    rootless::run_in_userns(engine.maps, [&] {
        store.empty_trash();
        data_root.empty_trash();
    });
    const std::uint64_t after = size_of_all(engine);
    result.reclaimed = before - std::min(before, after);
    return result;
}

void reset_system(Engine& engine) {
    engine.load_maps();
    const storage::Store store(engine.paths);
    if (const auto others = store.other_roots_in_use(); !others.empty())
        throw Error("the images of ", store.dir(), " are in use by containers of ", others.front(), ": remove those first (ctl --root ", others.front(),
                    " rm --all), or reset each root without --imagestore");
    for (const std::string& id : container_ids(engine)) {
        if (ContainerDir::find(engine, id)) remove_container(engine, id, {.force = true, .volumes = true, .timeout = {}});
    }
    // Files of subordinate ids are everywhere, so all of it is removed from inside the user namespace.
    rootless::run_in_userns(engine.maps, [&] {
        empty(engine.paths.data);
        if (store.is_apart()) empty(store.dir());
    });
}

} // namespace lib
