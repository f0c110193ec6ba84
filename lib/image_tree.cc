// See lib/image_tree.h.
#include "lib/image_tree.h"

#include "base/oci/image_config.h"
#include "lib/resolve_image.h"
#include "storage/store.h"

#include <algorithm>

namespace lib {
namespace {

std::uint64_t layer_size(const storage::Store& store, const std::string& diff_id) {
    const auto layer = store.find_layer(diff_id);
    return layer ? static_cast<std::uint64_t>(layer->size) : 0;
}

} // namespace

std::vector<HistoryStep> image_history(const Engine& engine, const std::string& name_or_id) {
    const storage::Image image = get_local_image(engine, name_or_id).image;
    const storage::Store store(engine.paths);
    const oci::ImageConfig config = oci::parse_image_config(image.config_json);
    std::vector<HistoryStep> steps;
    std::size_t layer = 0;
    for (const oci::History& step : config.history) {
        const bool has_layer = !step.empty_layer && layer < image.diff_ids.size();
        steps.push_back({{}, step.created, step.created_by, step.comment, has_layer ? layer_size(store, image.diff_ids[layer]) : 0, {}});
        layer += has_layer;
    }
    for (; layer < image.diff_ids.size(); ++layer) // an image need not tell its history
        steps.push_back({{}, config.created, {}, {}, layer_size(store, image.diff_ids[layer]), {}});
    std::reverse(steps.begin(), steps.end());
    if (!steps.empty()) {
        steps.front().id = storage::digest_hex(image.id);
        steps.front().tags = store.find_by_id(image.id).value_or(image).names;
    }
    return steps;
}

ImageTree image_tree(const Engine& engine, const std::string& name_or_id) {
    const storage::Store store(engine.paths);
    const storage::Image found = get_local_image(engine, name_or_id).image;
    const storage::Image image = store.find_by_id(found.id).value_or(found);
    ImageTree tree{storage::digest_hex(image.id), image.names, static_cast<std::uint64_t>(image.size), {}};
    const std::vector<storage::Image> all = store.images();
    for (std::size_t i = 0; i < image.diff_ids.size(); ++i) {
        TreeLayer layer{image.diff_ids[i], layer_size(store, image.diff_ids[i]), {}};
        for (const storage::Image& other : all) // the same layers up to this one, and no more
            if (other.diff_ids.size() == i + 1 && std::equal(other.diff_ids.begin(), other.diff_ids.end(), image.diff_ids.begin()))
                layer.top_of.insert(layer.top_of.end(), other.names.begin(), other.names.end());
        tree.layers.push_back(std::move(layer));
    }
    return tree;
}

} // namespace lib
