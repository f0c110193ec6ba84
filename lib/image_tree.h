// What an image is made of: its steps for `history`, its layers for `image tree`.
#pragma once

#include "lib/engine.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

/// One step of an image's making, as its config tells.
struct HistoryStep {
    std::string id;         ///< of the image, for the last step; otherwise empty
    std::string created;    ///< RFC 3339
    std::string created_by;
    std::string comment;
    std::uint64_t size = 0; ///< bytes of the layer's files; 0 for a step without a layer
    std::vector<std::string> tags;
};
/// The last step first.
std::vector<HistoryStep> image_history(const Engine& engine, const std::string& name_or_id);

struct TreeLayer {
    std::string diff_id; ///< sha256:…
    std::uint64_t size = 0;
    std::vector<std::string> top_of; ///< names of the images whose topmost layer it is
    std::vector<TreeLayer> above;    ///< what images have on top of it, where that was asked for
};
struct ImageTree {
    std::string id;
    std::vector<std::string> names;
    std::uint64_t size = 0;
    std::vector<TreeLayer> layers; ///< lowest first; with TreeOf::users the topmost alone, and what is above it
};
enum class TreeOf { layers, users };
ImageTree image_tree(const Engine& engine, const std::string& name_or_id, TreeOf what);

} // namespace lib
