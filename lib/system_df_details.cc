// system df --verbose: what each image, container and volume takes.
#include "lib/system.h"

#include "lib/container_places.h"
#include "lib/other_usage.h"
#include "lib/tree_sizes.h"
#include "storage/artifacts.h"
#include "storage/store.h"
#include "storage/volume.h"

#include <algorithm>
#include <map>
#include <set>

namespace lib {
namespace {

/// Measures all of them in one visit to the user namespace; afterwards their sizes can be asked for.
class Sizes {
public:
    void want(const std::string& path) { sizes_.emplace(path, 0); }
    void measure(Engine& engine) {
        std::vector<std::string> paths;
        for (const auto& [path, size] : sizes_) paths.push_back(path);
        const std::vector<std::uint64_t> found = tree_sizes(engine, paths);
        for (std::size_t i = 0; i < paths.size(); ++i) sizes_[paths[i]] = found[i];
    }
    std::uint64_t of(const std::string& path) const { return sizes_.at(path); }
    StoreUsage of_the_rest(Engine& engine) const {
        std::set<std::string> counted;
        std::uint64_t sum = 0;
        for (const auto& [path, size] : sizes_) {
            counted.insert(path);
            sum += size;
        }
        return store_usage(engine, counted, sum);
    }

private:
    std::map<std::string, std::uint64_t> sizes_;
};

/// The blobs that artifacts consist of. The store must outlive this.
class ArtifactBlobs {
public:
    explicit ArtifactBlobs(const storage::Store& store) : artifacts_(store) {
        for (storage::Artifact& artifact : artifacts_.list()) {
            auto& own = blobs_[artifact.name] = std::move(artifact.blobs);
            own.push_back(artifact.manifest_digest);
            std::ranges::sort(own);
            own.erase(std::unique(own.begin(), own.end()), own.end());
            for (const std::string& digest : own) ++users_[digest];
        }
    }
    void want(Sizes& sizes) const {
        for (const auto& [digest, count] : users_) sizes.want(artifacts_.blob_path(digest));
    }
    std::vector<UsageDetails::OfArtifact> details(const Sizes& sizes) const {
        std::vector<UsageDetails::OfArtifact> list;
        for (const auto& [name, digests] : blobs_) {
            list.push_back({name});
            for (const std::string& digest : digests) {
                const std::uint64_t size = sizes.of(artifacts_.blob_path(digest));
                list.back().size += size;
                if (users_.at(digest) > 1) list.back().shared += size;
            }
        }
        return list;
    }

private:
    storage::Artifacts artifacts_;
    std::map<std::string, std::vector<std::string>> blobs_; ///< by the artifact's name
    std::map<std::string, std::size_t> users_;              ///< how many artifacts need a blob
};

} // namespace

UsageDetails disk_usage_details(Engine& engine) {
    const storage::Store store(engine.paths);
    const auto layer_path = [&](const std::string& diff_id) { return store.path("layers/" + storage::digest_hex(diff_id)); };
    const storage::Root data_root(engine.paths.data);
    const auto volume_path = [&](const std::string& name) { return data_root.path("volumes/" + name); };
    UsageDetails details;
    std::map<std::string, std::vector<std::string>> layers; // of each image, by its hexadecimal id
    std::map<std::string, std::size_t> users;               // how many images have a layer
    for (const storage::Image& image : store.own_images()) {
        auto& own = layers[storage::digest_hex(image.id)];
        if (!own.empty()) continue; // pulled by another manifest as well
        own = image.diff_ids;
        std::ranges::sort(own);
        own.erase(std::unique(own.begin(), own.end()), own.end());
        for (const std::string& diff_id : own) ++users[diff_id];
    }
    for (ImageSummary& image : list_images(engine)) details.images.push_back({std::move(image)});
    for (ContainerSummary& container : list_containers(engine, true)) details.containers.push_back({std::move(container)});
    for (const storage::Volume& volume : storage::Volumes(data_root).list()) details.volumes.push_back({volume.name});
    const ArtifactBlobs artifacts(store);

    Sizes sizes;
    for (const auto& [diff_id, count] : users) sizes.want(layer_path(diff_id));
    for (const auto& each : details.containers) sizes.want(container_path(engine, each.container.id));
    for (const auto& each : details.volumes) sizes.want(volume_path(each.name));
    artifacts.want(sizes);
    sizes.measure(engine);

    for (auto& each : details.images) {
        for (const std::string& diff_id : layers[each.image.id]) {
            const std::uint64_t size = sizes.of(layer_path(diff_id));
            each.size += size;
            if (users[diff_id] > 1) each.shared += size;
        }
        each.containers = static_cast<std::size_t>(std::ranges::count_if(
            details.containers, [&](const auto& c) { return c.container.image_id.ends_with(each.image.id); }));
    }
    for (auto& each : details.containers) {
        each.size = sizes.of(container_path(engine, each.container.id));
        each.volumes = each.container.volumes.size();
    }
    for (auto& each : details.volumes) {
        each.size = sizes.of(volume_path(each.name));
        each.containers = static_cast<std::size_t>(std::ranges::count_if(details.containers, [&](const auto& c) {
            return std::ranges::find(c.container.volumes, each.name) != c.container.volumes.end();
        }));
    }
    details.artifacts = artifacts.details(sizes);
    StoreUsage rest = sizes.of_the_rest(engine);
    details.others = std::move(rest.others);
    details.total = rest.total;
    return details;
}

} // namespace lib
