// See lib/image_tree.h.
#include "lib/image_tree.h"

#include "base/oci/image_config.h"
#include "lib/resolve_image.h"
#include "storage/store.h"

#include <algorithm>
#include <set>
#include <span>

namespace lib {
namespace {

std::uint64_t layer_size(const storage::Store& store, const std::string& diff_id) {
    const auto layer = store.find_layer(diff_id);
    return layer ? static_cast<std::uint64_t>(layer->size) : 0;
}

using Chain = std::span<const std::string>; ///< diff-ids, lowest first

/// All images, by their layers.
class LayerForest {
public:
    explicit LayerForest(const storage::Store& store) : store_(store), images_(store.images()) {}

    TreeLayer top_layer(Chain chain) const {
        TreeLayer layer{chain.back(), layer_size(store_, chain.back()), {}, {}};
        for (const storage::Image& image : images_) // the same layers up to this one, and no more
            if (std::ranges::equal(image.diff_ids, chain)) layer.top_of.insert(layer.top_of.end(), image.names.begin(), image.names.end());
        return layer;
    }

    TreeLayer with_users(Chain chain) const {
        TreeLayer layer = top_layer(chain);
        std::set<std::string> above;
        for (const storage::Image& image : images_) {
            const Chain whole = image.diff_ids;
            if (whole.size() <= chain.size() || !std::ranges::equal(whole.first(chain.size()), chain)) continue;
            if (above.insert(whole[chain.size()]).second) layer.above.push_back(with_users(whole.first(chain.size() + 1)));
        }
        return layer;
    }

private:
    const storage::Store& store_;
    std::vector<storage::Image> images_;
};

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

ImageTree image_tree(const Engine& engine, const std::string& name_or_id, TreeOf what) {
    const storage::Store store(engine.paths);
    const storage::Image found = get_local_image(engine, name_or_id).image;
    const storage::Image image = store.find_by_id(found.id).value_or(found);
    ImageTree tree{storage::digest_hex(image.id), image.names, static_cast<std::uint64_t>(image.size), {}};
    const LayerForest forest(store);
    const Chain all = image.diff_ids;
    if (what == TreeOf::users) {
        if (!all.empty()) tree.layers.push_back(forest.with_users(all));
        return tree;
    }
    for (std::size_t i = 1; i <= all.size(); ++i) tree.layers.push_back(forest.top_layer(all.first(i)));
    return tree;
}

} // namespace lib
