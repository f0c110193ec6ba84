// See lib/worker/remote_manifest.h.
#include "lib/worker/remote_manifest.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/registry/referrers.h"
#include "lib/worker/request.h"

#include <optional>

namespace lib::worker {
namespace {

using nlohmann::json;

constexpr std::size_t most_pages = 1000;
constexpr std::size_t most_referrers = 10'000;

/// A request about one manifest.
struct Target {
    const registry::Access access;
    const registry::Endpoint endpoint;
    registry::Client client;
    const std::string reference;

    Target(const json& request, const char* actions, Report& report)
        : access(parse_access(request.at("access"), report)), endpoint(parse_endpoint(request.at("endpoint"))),
          client(endpoint, access, {cat("repository:", endpoint.repository, ":", actions)}),
          reference(oci::Fields(request, "the request").required_text("reference")) {}

    oci::Digest digest() {
        if (const auto given = oci::Digest::find(reference)) return *given;
        return client.fetch_manifest(reference).digest;
    }
};

void append(json& list, const std::string& index) {
    const json document = oci::parse_json_text(index, "referrers");
    for (const oci::Fields& entry : oci::Fields(document, "referrers").objects("manifests")) {
        if (list.size() == most_referrers) throw Error("there are more than ", most_referrers, " referrers, too many to list");
        list.push_back(entry.raw());
    }
}

/// What the registry's API says, all pages of it; nullopt where there is none.
std::optional<json> ask_api(registry::Client& client, const oci::Digest& digest) {
    std::string target = client.path("referrers/" + digest.str());
    registry::Http http;
    const registry::ResponseHead head = client.perform_with_retries(http, {.target = target});
    if (head.status == 404 || head.status == 405) return std::nullopt;
    json list = json::array();
    for (std::size_t pages = 0; !target.empty(); ++pages) {
        if (pages == most_pages) throw Error("the registry's list of referrers has no end");
        const registry::Client::Page page = client.fetch_page(target);
        append(list, page.body);
        target = page.next;
    }
    return list;
}

/// The index that clients keep where there is no API.
json read_fallback(registry::Client& client, const oci::Digest& digest) {
    json list = json::array();
    if (const auto index = registry::fetch_referrers_index(client, digest)) append(list, *index);
    return list;
}

} // namespace

json delete_manifest(const json& request, Report& report) {
    Target target(request, "*", report);
    const oci::Digest digest = target.digest();
    registry::Http http;
    const registry::ResponseHead head =
        target.client.perform_with_retries(http, {.method = "DELETE", .target = target.client.path("manifests/" + digest.str())});
    if (head.status == 405) throw Error(target.endpoint.host, " does not let anybody delete manifests (status 405)");
    if (head.status != 202 && head.status != 200 && head.status != 204) target.client.fail(http, head);
    return {{"digest", digest.str()}};
}

json list_referrers(const json& request, Report& report) {
    Target target(request, "pull", report);
    const oci::Digest digest = target.digest();
    auto referrers = ask_api(target.client, digest);
    if (!referrers) referrers = read_fallback(target.client, digest);
    return {{"digest", digest.str()}, {"referrers", *std::move(referrers)}};
}

} // namespace lib::worker
