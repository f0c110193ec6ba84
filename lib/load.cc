// load, see lib/load.h.
#include "lib/load.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/sys.h"
#include "lib/events.h"
#include "lib/image_worker.h"

#include <fcntl.h>
#include <unistd.h>

namespace lib {
namespace {

nlohmann::json run_load(Engine& engine, const std::string& path, const WorkerCallbacks& callbacks) {
    if (path == "-") return run_image_worker(engine, {"load", "-"}, STDIN_FILENO, callbacks);
    // Opened here, because the worker inherits nothing that /dev/fd/N could mean (`load -i <(…)`).
    const UniqueFd fd = sys::open(path, O_RDONLY | O_NOCTTY);
    const bool directory = S_ISDIR(sys::fstat(fd.get(), path).st_mode);
    return run_image_worker(engine, {"load", directory ? path : "-"}, directory ? -1 : fd.get(), callbacks);
}

} // namespace

LoadResult load_images(Engine& engine, const LoadRequest& request, const Callbacks& callbacks) {
    LoadResult result;
    try {
        const nlohmann::json loaded = run_load(engine, request.path, {callbacks.notice, callbacks.pull_progress});
        for (const oci::Fields& image : oci::Fields(loaded, "the image worker's result").objects("images"))
            result.images.push_back({image.digest("id").hex(), image.texts("names").value_or(std::vector<std::string>{})});
        for (const auto& image : result.images)
            record_image_event(engine.paths, "loadfromarchive", image.image_id, image.names.empty() ? "" : image.names.front());
    } catch (Error& e) {
        e.add_context(request.path == "-" ? "load from standard input" : cat("load ", request.path));
        throw;
    }
    return result;
}

} // namespace lib
