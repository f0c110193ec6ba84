// pull, see lib/pull.h.
#include "lib/pull.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/events.h"
#include "lib/image_worker.h"

namespace lib {

PullResult pull_image(Engine& engine, const PullRequest& request, const Callbacks& callbacks) {
    const oci::Reference reference = oci::parse_reference(request.name);
    if (!oci::is_qualified(request.name) && callbacks.notice)
        callbacks.notice(cat("resolved ", request.name, " to ", reference.str()));
    std::vector<std::string> arguments{"pull", reference.str()};
    if (!request.platform.empty()) arguments.insert(arguments.end(), {"--platform", request.platform});
    const nlohmann::json result = run_image_worker(engine, arguments, -1, {callbacks.notice, callbacks.pull_progress});
    const oci::Fields fields(result, "the image worker's result");
    const PullResult pulled{fields.digest("image").hex(), fields.text("name"), fields.digest("manifest").str()};
    record_image_event(engine.paths, "pull", pulled.image_id, reference.str());
    return pulled;
}

} // namespace lib
