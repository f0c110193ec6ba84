// See lib/worker/request.h.
#include "lib/worker/request.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"

#include <unistd.h>

namespace lib::worker {
namespace {

constexpr std::size_t request_limit = 32 << 20;

} // namespace

nlohmann::json read_request() {
    return oci::parse_json_text(sys::read_to_end(STDIN_FILENO, request_limit, "the request"), "the request", oci::JsonKeys::distinct,
                                {request_limit, 64});
}

registry::Access parse_access(const nlohmann::json& document) {
    const oci::Fields fields(document, "the request: access");
    registry::Access access;
    access.insecure_hosts = fields.texts("insecure_hosts").value_or(std::vector<std::string>{});
    access.clear_on_loopback = fields.flag("clear_on_loopback");
    access.cert_dir = fields.text("cert_dir");
    access.cert_places = fields.texts("cert_places").value_or(std::vector<std::string>{});
    access.attempts = static_cast<int>(fields.number("attempts", 1000).value_or(1));
    if (const auto delay = fields.number("delay_ms")) access.delay = std::chrono::milliseconds(*delay);
    return access;
}

registry::Access parse_access(const nlohmann::json& document, Report& report) {
    registry::Access access = parse_access(document);
    access.warn = [&report](const std::string& sentence) { report.warning(sentence); };
    return access;
}

registry::Endpoint parse_endpoint(const nlohmann::json& document) {
    const oci::Fields fields(document, "the request: endpoint");
    return {fields.required_text("host"), fields.text("repository"), fields.flag("insecure"),
            {fields.text("username"), fields.text("password"), fields.text("identity_token"), fields.text("registry_token")}};
}

std::vector<registry::Endpoint> parse_sources(const nlohmann::json& request) {
    std::vector<registry::Endpoint> endpoints;
    for (const oci::Fields& source : oci::Fields(request, "the request").objects("sources")) endpoints.push_back(parse_endpoint(source.raw()));
    if (endpoints.empty()) throw Error("the request: no source");
    return endpoints;
}

std::optional<oci::Platform> parse_wanted_platform(const nlohmann::json& request) {
    const std::string text = oci::Fields(request, "the request").text("platform");
    if (text.empty()) return std::nullopt;
    return oci::parse_platform(text);
}

} // namespace lib::worker
