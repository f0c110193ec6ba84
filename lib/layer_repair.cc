// See lib/layer_repair.h.
#include "lib/layer_repair.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/oci/json_fields.h"
#include "lib/image_worker.h"
#include "lib/pull.h"

#include <nlohmann/json.hpp>

namespace lib {

std::vector<DamagedLayer> find_damaged_layers(Engine& engine, const std::vector<std::string>& diff_ids) {
    if (diff_ids.empty()) return {};
    const nlohmann::json result = run_image_worker(engine, {"check"}, request_file({{"layers", diff_ids}}).get(), {});
    std::vector<DamagedLayer> damaged;
    for (const nlohmann::json& layer : result.at("damaged")) {
        const oci::Fields fields(layer, "the image worker's result");
        std::string what;
        for (const std::string& difference : fields.texts("differences").value_or(std::vector<std::string>{}))
            what += (what.empty() ? "" : "; ") + difference;
        damaged.push_back({fields.text("layer"), std::move(what)});
    }
    return damaged;
}

std::string repair_layer(Engine& engine, const std::string& diff_id, const LayerUsers& users, const Callbacks& callbacks) {
    if (users.sources.empty())
        throw Error("no image with it came from a registry: remove the image (ctl rmi -f) and load or build it again");
    if (!users.running.empty()) throw Error("container ", users.running.front(), " runs on it: stop it first (ctl stop ", users.running.front(), ")");
    storage::Store store(engine.paths);
    store.set_damaged(diff_id, true);
    OnExit trust_again([&] { store.set_damaged(diff_id, false); }); // what it has is better than nothing
    std::string failures;
    for (const std::string& source : users.sources) {
        try {
            (void)pull_image(engine, {source, {}, {}}, callbacks);
            trust_again.disarm();
            return source;
        } catch (const Error& e) {
            failures += cat(failures.empty() ? "" : "; ", e.what());
        }
    }
    throw Error(failures);
}

} // namespace lib
