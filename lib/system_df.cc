// system df: every byte below the data root, by what it belongs to.
#include "lib/system.h"

#include "base/error.h"
#include "lib/container_store.h"
#include "lib/containers.h"
#include "lib/other_usage.h"
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

std::vector<std::string> artifact_blobs(const storage::Store& store) {
    const storage::Artifacts artifacts(store);
    std::set<std::string> paths;
    for (const storage::Artifact& artifact : artifacts.list()) {
        paths.insert(artifacts.blob_path(artifact.manifest_digest));
        for (const std::string& digest : artifact.blobs) paths.insert(artifacts.blob_path(digest));
    }
    return {paths.begin(), paths.end()};
}

UsageLine other_line(Engine& engine, const std::vector<const Part*>& parts, const std::vector<UsageLine>& lines) {
    std::set<std::string> counted;
    std::uint64_t counted_bytes = 0;
    for (const Part* part : parts) {
        counted.insert(part->used.begin(), part->used.end());
        counted.insert(part->unused.begin(), part->unused.end());
    }
    for (const UsageLine& line : lines) counted_bytes += line.size;
    UsageLine other{"Other"};
    for (const auto& each : store_usage(engine, counted, counted_bytes).others) {
        other.size += each.size;
        other.reclaimable += each.reclaimable;
    }
    return other;
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
    const Part artifacts{artifact_blobs(store), {}};
    const std::size_t artifact_count = storage::Artifacts(store).list().size();
    lines.push_back(line(engine, "Artifacts", artifact_count, artifact_count, artifacts));
    lines.push_back(other_line(engine, {&images, &containers, &volumes, &artifacts}, lines));
    return lines;
}

} // namespace lib
