// See lib/worker/login.h.
#include "lib/worker/login.h"

#include "lib/worker/request.h"

#include "base/oci/json_fields.h"

namespace lib::worker {

nlohmann::json log_in(const nlohmann::json& request, Report& report) {
    const registry::Access access = parse_access(request.at("access"), report);
    registry::Client client(parse_endpoint(request.at("registry")), access, {});
    try {
        client.log_in();
        return {{"valid", true}};
    } catch (const registry::LoginRefused&) {
        return {{"valid", false}};
    }
}

} // namespace lib::worker
