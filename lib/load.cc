// load, see lib/load.h.
#include "lib/load.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/sys.h"
#include "lib/events.h"
#include "lib/image_worker.h"
#include "lib/trust_policy.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

namespace lib {
namespace {

nlohmann::json run_load(Engine& engine, const LoadRequest& request, const WorkerCallbacks& callbacks) {
    const bool from_stdin = request.path == "-";
    nlohmann::json document{{"refused", file_refusals(TrustPolicy::load(request.signature_policy), from_stdin ? "" : request.path)}};
    if (const auto& choice = request.choice) {
        document["transport"] = choice->transport;
        document["choose"] = choice->name;
        if (choice->names) document["names"] = *choice->names;
        document["platform"] = choice->platform;
    }
    // Opened here, because the worker inherits nothing that /dev/fd/N could mean (`load -i <(…)`).
    const UniqueFd fd = from_stdin ? sys::dup(STDIN_FILENO) : sys::open(request.path, O_RDONLY | O_NOCTTY);
    const bool directory = !from_stdin && S_ISDIR(sys::fstat(fd.get(), request.path).st_mode);
    if (directory) document["read"] = std::filesystem::absolute(request.path).string();
    return run_image_worker(engine, {"load"}, request_file(document).get(), callbacks,
                            directory ? OpenExtra() : [&] { return sys::dup(fd.get()); });
}

} // namespace

LoadResult load_images(Engine& engine, const LoadRequest& request, const Callbacks& callbacks) {
    LoadResult result;
    try {
        const nlohmann::json loaded = run_load(engine, request, {callbacks.notice, callbacks.pull_progress, callbacks.warning});
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
