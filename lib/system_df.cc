// system df: every byte below the data root, by what it belongs to.
#include "lib/system.h"

#include "base/error.h"
#include "lib/container_store.h"
#include "lib/containers.h"
#include "lib/tree_sizes.h"
#include "storage/artifacts.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace lib {
namespace {

/// Trees to measure, and where their sizes go.
struct Part {
    std::vector<std::string> used;   ///< paths
    std::vector<std::string> unused;
};

std::uint64_t sum(Engine& engine, const std::vector<std::string>& paths) {
    const auto sizes = tree_sizes(engine, paths);
    return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
}

UsageLine line(Engine& engine, const char* type, std::size_t total, std::size_t active, const Part& part) {
    const std::uint64_t unused = sum(engine, part.unused);
    return {type, total, active, sum(engine, part.used) + unused, unused};
}

} // namespace

std::vector<UsageLine> disk_usage(Engine& engine) {
    const storage::Store store(engine.paths);
    const storage::Root data_root(engine.paths.data);
    std::set<std::string> used_images, used_volumes, used_layers, other_layers;
    Part images, containers, volumes;
    std::size_t running = 0;
    const auto all = list_containers(engine, true);
    for (const ContainerSummary& container : all) {
        const auto dir = ContainerDir::find(engine, container.id);
        if (!dir) continue; // removed meanwhile
        const ContainerRecord record = dir->load_record();
        const bool runs = container.status == ContainerStatus::running;
        (runs ? containers.used : containers.unused).push_back(dir->path());
        running += runs ? 1 : 0;
        used_images.insert(record.image_id);
        used_layers.insert(record.image_diff_ids.begin(), record.image_diff_ids.end());
        for (const MountRecord& mount : record.mounts)
            if (mount.type == "volume") used_volumes.insert(mount.name);
    }
    const auto known = store.own_images();
    for (const storage::Image& image : known) other_layers.insert(image.diff_ids.begin(), image.diff_ids.end());
    for (const std::string& id : used_layers) images.used.push_back(store.path("layers/" + storage::digest_hex(id)));
    for (const std::string& id : other_layers)
        if (!used_layers.contains(id)) images.unused.push_back(store.path("layers/" + storage::digest_hex(id)));
    const auto all_volumes = storage::Volumes(data_root).list();
    for (const storage::Volume& volume : all_volumes)
        (used_volumes.contains(volume.name) ? volumes.used : volumes.unused).push_back(data_root.path("volumes/" + volume.name));

    const auto active_images = static_cast<std::size_t>(
        std::ranges::count_if(known, [&](const storage::Image& image) { return used_images.contains(image.id); }));
    const auto active_volumes = static_cast<std::size_t>(
        std::ranges::count_if(all_volumes, [&](const storage::Volume& v) { return used_volumes.contains(v.name); }));
    std::vector<UsageLine> lines{line(engine, "Images", known.size(), active_images, images),
                                 line(engine, "Containers", all.size(), running, containers),
                                 line(engine, "Local Volumes", all_volumes.size(), active_volumes, volumes)};
    const std::size_t artifacts = storage::Artifacts(store).list().size();
    lines.push_back(line(engine, "Artifacts", artifacts, artifacts, {{store.path("artifacts")}, {}}));
    std::vector<std::string> roots{engine.paths.data};
    if (store.is_apart()) roots.push_back(store.dir());
    std::uint64_t rest = sum(engine, roots);
    for (const UsageLine& other : lines) rest -= std::min(rest, other.size);
    lines.push_back({"Other", 0, 0, rest, 0});
    return lines;
}

} // namespace lib
