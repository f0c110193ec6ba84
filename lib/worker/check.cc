// See lib/worker/check.h.
#include "lib/worker/check.h"

#include "base/oci/json_fields.h"
#include "lib/worker/parallel.h"
#include "storage/layer_check.h"

#include <nlohmann/json.hpp>

namespace lib::worker {

nlohmann::json check_layers(storage::Store& store, const nlohmann::json& request, Report&) {
    const std::vector<std::string> layers = oci::Fields(request, "the request").texts("layers").value_or(std::vector<std::string>{});
    std::vector<std::vector<std::string>> differences(layers.size());
    run_parallel(layers.size(), [&](std::size_t i) {
        differences[i] = storage::check_layer(store.path("layers/" + storage::digest_hex(layers[i])));
    });
    nlohmann::json damaged = nlohmann::json::array();
    for (std::size_t i = 0; i < layers.size(); ++i)
        if (!differences[i].empty()) damaged.push_back({{"layer", layers[i]}, {"differences", differences[i]}});
    return {{"damaged", damaged}};
}

} // namespace lib::worker
