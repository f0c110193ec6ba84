// See lib/worker/check.h.
#include "lib/worker/check.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "lib/worker/parallel.h"
#include "storage/digest.h"
#include "storage/layer_check.h"
#include "storage/rebuild.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <span>

namespace lib::worker {
namespace {

bool has_its_digest(const storage::Store& store, const std::string& diff_id) {
    try {
        const auto tar = storage::open_layer_tar(store, diff_id);
        storage::Sha256 sha;
        std::vector<std::byte> buffer(std::size_t{1} << 20);
        while (const std::size_t n = tar->read(buffer)) sha.update(std::span(buffer).first(n));
        return sha.finish_digest() == diff_id;
    } catch (const Error&) {
        return false; // a file is missing or no longer fits: looked at one by one
    }
}

std::vector<std::string> check(const storage::Store& store, const std::string& diff_id) {
    const std::string dir = store.path("layers/" + storage::digest_hex(diff_id));
    auto differences = storage::check_layer(dir, storage::Contents::passed_over);
    if (differences.empty() && has_its_digest(store, diff_id)) return differences;
    differences = storage::check_layer(dir, storage::Contents::read);
    if (differences.empty()) differences.push_back("index: the archive that is made by it has another digest");
    return differences;
}

} // namespace

nlohmann::json check_layers(storage::Store& store, const nlohmann::json& request, Report&) {
    const std::vector<std::string> layers = oci::Fields(request, "the request").texts("layers").value_or(std::vector<std::string>{});
    std::vector<std::vector<std::string>> differences(layers.size());
    run_parallel(layers.size(), [&](std::size_t i) {
        differences[i] = check(store, layers[i]);
    });
    nlohmann::json damaged = nlohmann::json::array();
    for (std::size_t i = 0; i < layers.size(); ++i)
        if (!differences[i].empty()) damaged.push_back({{"layer", layers[i]}, {"differences", differences[i]}});
    return {{"damaged", damaged}};
}

} // namespace lib::worker
