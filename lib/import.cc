// See lib/import.h.
#include "lib/import.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/platform.h"
#include "base/oci/reference.h"
#include "base/sys.h"
#include "lib/commit_config.h"
#include "lib/events.h"
#include "lib/image_worker.h"
#include "lib/time_point.h"
#include "lib/trust_policy.h"
#include "storage/store.h"

#include <fcntl.h>
#include <unistd.h>

namespace lib {
namespace {

using nlohmann::json;

json make_config(const ImportRequest& request) {
    const oci::Platform platform = request.platform.empty() ? oci::host_platform() : oci::parse_platform(request.platform);
    const auto now = format_rfc3339(sys::realtime_ns());
    const std::string created(now.begin(), now.end());
    json step{{"created", created}, {"created_by", cat("ctl import ", request.source)}};
    if (!request.message.empty()) step["comment"] = request.message;
    json config{{"created", created}, {"architecture", platform.architecture}, {"os", platform.os}, {"config", json::object()},
                {"history", json::array({std::move(step)})}};
    if (!platform.variant.empty()) config["variant"] = platform.variant;
    for (const std::string& change : request.changes) apply_change(config, change);
    return config;
}

/// What a web server has, as an unnamed file of the store's.
UniqueFd fetch(Engine& engine, const std::string& url, const Callbacks& callbacks) {
    const storage::Store store(engine.paths);
    store.ensure();
    UniqueFd file = sys::open(store.path("tmp"), O_TMPFILE | O_RDWR, 0600);
    (void)run_image_worker(engine, {"fetch-url"}, request_file({{"url", url}}).get(), {callbacks.notice, callbacks.pull_progress, callbacks.warning}, [&] { return sys::dup(file.get()); });
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw SysError{errno, "rewind what was fetched"};
    return file;
}

} // namespace

std::string import_image(Engine& engine, const ImportRequest& request, const Callbacks& callbacks) {
    json document{{"config", make_config(request)}};
    std::string name;
    if (!request.name.empty()) {
        const oci::Reference reference = oci::parse_local_reference(request.name);
        if (reference.digest) throw Error("invalid image name \"", oci::printable(request.name), "\": a new name cannot have a digest");
        document["name"] = name = reference.str();
    }
    try {
        TrustPolicy::load(request.signature_policy).check(file_origin("tarball", {}));
        const UniqueFd fetched = request.fd < 0 ? fetch(engine, request.source, callbacks) : UniqueFd();
        const json result = run_image_worker(engine, {"import"}, request_file(document).get(), {callbacks.notice, callbacks.pull_progress, callbacks.warning},
                                             [&] { return sys::dup(request.fd < 0 ? fetched.get() : request.fd); });
        std::string id = oci::Fields(result, "the image worker's result").digest("image").hex();
        record_image_event(engine.paths, "import", id, name);
        return id;
    } catch (Error& e) {
        e.add_context("import " + request.source);
        throw;
    }
}

} // namespace lib
