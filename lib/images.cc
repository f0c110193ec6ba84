// Images that are in the store, see lib/images.h.
#include "lib/images.h"

#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/reference.h"
#include "lib/containers.h"
#include "lib/events.h"
#include "lib/image_filter.h"
#include "lib/resolve_image.h"
#include "lib/time_point.h"
#include "lib/usage.h"
#include "rootless/userns.h"
#include "storage/store.h"

#include <algorithm>

namespace lib {
namespace {

ImageSummary summary_of(const storage::Image& image) {
    ImageSummary summary;
    summary.id = storage::digest_hex(image.id);
    summary.manifest_digest = image.manifest_digest;
    summary.names = image.names;
    summary.history = image.history;
    summary.digests = image.repo_digests;
    std::sort(summary.names.begin(), summary.names.end());
    std::sort(summary.digests.begin(), summary.digests.end());
    summary.created = parse_rfc3339(image.created).value_or(0);
    summary.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, image.size));
    const oci::ImageConfig config = oci::parse_image_config(image.config_json);
    summary.platform = config.platform.str();
    summary.labels = config.labels;
    summary.read_only = !image.store.empty();
    return summary;
}

std::vector<std::string> containers_of(const Engine& engine, const storage::Image& image) {
    std::vector<std::string> ids;
    for (const ContainerSummary& container : list_containers(engine, true))
        if (container.image_id == image.id || container.image_id == storage::digest_hex(image.id)) ids.push_back(container.id);
    for (const std::string& id : containers_mounting(engine, image.id))
        if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    return ids;
}

/// Of another data root that has the same --imagestore: nothing here can remove them.
void refuse_if_used_elsewhere(const storage::Store& store, const storage::Image& image) {
    const auto users = store.users_elsewhere(image.id);
    if (users.empty()) return;
    const auto& [root, id] = users.front();
    throw Error("image ", image.names.empty() ? image.id : image.names.front(), " is in use by container ", id.substr(0, 12), " of ", root,
                users.size() > 1 ? cat(" and ", users.size() - 1, " more") : "", "; remove the container first (ctl --root ", root, " rm ",
                id.substr(0, 12), ")")
        .with_exit_code(2); // podman-rmi(1), "Exit Status"
}

/// A missing one has the exit code 1 of podman-rmi(1).
FoundLocalImage find_to_remove(const Engine& engine, const std::string& name_or_id) {
    try {
        return get_local_image(engine, name_or_id);
    } catch (Error& e) {
        e.exit_code = 1;
        throw;
    }
}

} // namespace

std::vector<ImageSummary> list_images(const Engine& engine) {
    std::vector<ImageSummary> summaries;
    for (const storage::Image& image : storage::Store(engine.paths).images()) summaries.push_back(summary_of(image));
    std::stable_sort(summaries.begin(), summaries.end(),
                     [](const ImageSummary& a, const ImageSummary& b) { return a.created > b.created; });
    return summaries;
}

std::string tag_image(Engine& engine, const std::string& name_or_id, const std::string& new_name) {
    const FoundLocalImage found = get_local_image(engine, name_or_id);
    const oci::Reference name = oci::parse_local_reference(new_name);
    if (name.digest) throw Error("invalid image name \"", oci::printable(new_name), "\": a new name cannot have a digest");
    storage::Store(engine.paths).tag(found.image, name.str());
    record_image_event(engine.paths, "tag", storage::digest_hex(found.image.id), name.str());
    return name.str();
}

void untag_image(Engine& engine, const std::string& name_or_id, const std::vector<std::string>& names) {
    storage::Store store(engine.paths);
    const storage::Image found = get_local_image(engine, name_or_id).image;
    storage::Store::require_own(found);
    const std::vector<std::string> all = store.find_by_id(found.id).value_or(found).names;
    std::vector<std::string> wanted;
    for (const std::string& name : names) {
        const std::size_t before = wanted.size();
        for (const oci::Reference& candidate : oci::local_candidates(name))
            if (std::ranges::count(all, candidate.str()) != 0) wanted.push_back(candidate.str());
        if (wanted.size() == before)
            throw Error("image ", oci::printable(name_or_id), " is not called ", oci::printable(name));
    }
    for (const std::string& name : names.empty() ? all : wanted)
        if (store.untag(name)) record_image_event(engine.paths, "untag", storage::digest_hex(found.id), name);
}

std::vector<std::string> prune_images(Engine& engine, const ImageFilter& filter) {
    storage::Store store(engine.paths);
    std::vector<std::string> removed;
    for (const ImageSummary& image : list_images(engine)) {
        if (!filter.matches(image)) continue;
        const auto found = store.find_by_id(image.id);
        if (!found || !containers_of(engine, *found).empty() || !store.users_elsewhere(found->id).empty()) continue;
        try {
            if (store.remove_image(*found, "", {}, storage::Force::yes).deleted.empty()) continue;
        } catch (const Error&) {
            continue; // removed or taken into use by somebody meanwhile
        }
        record_image_event(engine.paths, "remove", image.id, "");
        removed.push_back(image.id);
    }
    if (removed.empty()) return removed;
    store.collect_garbage();
    rootless::run_in_userns(engine.load_maps(), [&] { store.empty_trash(); });
    return removed;
}

RemoveImageResult remove_image(Engine& engine, const std::string& name_or_id, const RemoveImageOptions& options) {
    if ((options.force || options.ignore) && !find_local_image(engine, name_or_id)) return {}; // as Podman: nothing there is what was wanted
    const FoundLocalImage found = find_to_remove(engine, name_or_id);
    storage::Store store(engine.paths);
    const auto whole = store.find_by_id(found.image.id); // with the names of all its records
    const bool only_a_name = whole && !found.by_name.empty() && whole->names.size() > 1;
    storage::Store::require_own(found.image);
    if (!only_a_name) refuse_if_used_elsewhere(store, found.image);
    std::vector<std::string> used_by = containers_of(engine, found.image);
    if (options.force && !only_a_name) {
        for (const std::string& id : used_by) remove_container(engine, id, {.force = true, .volumes = true, .timeout = {}});
        used_by.clear();
    }
    const storage::Removed removed =
        store.remove_image(found.image, found.by_name, used_by, options.force ? storage::Force::yes : storage::Force::no);
    const std::string id = storage::digest_hex(found.image.id);
    for (const std::string& name : removed.untagged) record_image_event(engine.paths, "untag", id, name);
    if (removed.deleted.empty()) return {removed.untagged, {}};
    record_image_event(engine.paths, "remove", id, "");
    store.collect_garbage();
    rootless::run_in_userns(engine.load_maps(), [&] { store.empty_trash(); });
    return {removed.untagged, {storage::digest_hex(removed.deleted)}};
}

} // namespace lib
