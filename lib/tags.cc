// See lib/tags.h.
#include "lib/tags.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "lib/image_worker.h"

namespace lib {

std::vector<std::string> list_tags(Engine& engine, const RegistryAccess& access, const oci::Reference& repository, const Notice& notice,
                                   std::size_t limit) {
    try {
        const nlohmann::json request{{"sources", access.sources(repository)}, {"access", access.access()}, {"limit", limit}};
        const nlohmann::json result = run_image_worker(engine, {"tags"}, request_file(request).get(), {notice, {}});
        return oci::Fields(result, "the image worker's result").texts("tags").value_or(std::vector<std::string>{});
    } catch (Error& e) {
        e.add_context("list the tags of " + repository.name());
        throw;
    }
}

} // namespace lib
