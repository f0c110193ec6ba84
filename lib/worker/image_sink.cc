// The choice among the sinks, see lib/worker/image_sink.h.
#include "lib/worker/image_sink.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "lib/image_worker.h"

namespace lib::worker {

std::unique_ptr<ImageSink> make_sink(const nlohmann::json& request, const std::vector<std::string>& places, Report& report) {
    const nlohmann::json& destination = request.at("destination");
    const oci::Fields fields(destination, "the request: destination");
    const std::string transport = fields.text("transport");
    if (transport == "docker") return make_registry_sink(destination, request.at("access"), places, report);
    if (transport == "oci") return make_oci_sink(fields.required_text("path"));
    if (transport == "dir") return make_dir_sink(fields.required_text("path"));
    if (transport == "oci-archive") return make_oci_archive_sink(worker_extra_fd);
    if (transport == "docker-archive") return make_docker_archive_sink(worker_extra_fd);
    throw Error("the request: transport ", oci::printable(transport), " is not known");
}

} // namespace lib::worker
