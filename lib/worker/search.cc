// See lib/worker/search.h.
#include "lib/worker/search.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/worker/request.h"

namespace lib::worker {
namespace {

using nlohmann::json;

constexpr std::size_t answer_limit = 4 << 20;
constexpr std::size_t most_pages = 1000;
constexpr std::size_t longest_name = 255; ///< of a repository that could be pulled

json entry(const std::string& name, const std::string& description, std::uint64_t stars, bool official, bool automated) {
    return {{"name", name}, {"description", description}, {"stars", stars}, {"official", official}, {"automated", automated}};
}

/// nullopt where the registry has no such thing.
std::optional<json> search_index(registry::Client& client, const std::string& term, std::size_t limit) {
    registry::Http http;
    const registry::ResponseHead head = client.perform_with_retries(
        http, {.target = cat("/v1/search?q=", registry::query_escape(term), "&n=", limit), .headers = {"Accept: application/json"}});
    if (head.status != 200 || head.header("content-type").find("json") == std::string::npos) return std::nullopt;
    json found = json::array();
    const json document = oci::parse_json_text(http.read_body(answer_limit), "search");
    for (const oci::Fields& result : oci::Fields(document, "search").objects("results")) {
        if (found.size() == limit) break;
        found.push_back(entry(result.required_text("name"), result.text("description"), result.number("star_count").value_or(0),
                              result.flag("is_official"), result.flag("is_automated")));
    }
    return found;
}

json search_catalog(registry::Client& client, const std::string& term, std::size_t limit) {
    json found = json::array();
    std::string target = "/v2/_catalog?n=1000";
    for (std::size_t pages = 0; !target.empty(); ++pages) {
        if (pages == most_pages) throw Error("the registry's list of repositories has no end");
        const registry::Client::Page page = client.fetch_page(target);
        const json document = oci::parse_json_text(page.body, "catalog");
        for (const std::string& name : oci::Fields(document, "catalog").texts("repositories").value_or(std::vector<std::string>{})) {
            if (name.size() > longest_name || name.find(term) == std::string::npos) continue;
            if (found.size() == limit) return found;
            found.push_back(entry(name, "", 0, false, false));
        }
        target = page.next;
    }
    return found;
}

} // namespace

json search(const json& request, Report& report) {
    const registry::Access access = parse_access(request.at("access"), report);
    const oci::Fields fields(request, "the request");
    const std::size_t limit = fields.number("limit", 10'000).value_or(25);
    const std::string term = fields.text("term");
    registry::Client client(parse_endpoint(request.at("registry")), access, {"registry:catalog:*"});
    if (!term.empty()) // the index has no list of everything
        if (auto found = search_index(client, term, limit)) return {{"found", *std::move(found)}};
    return {{"found", search_catalog(client, term, limit)}};
}

} // namespace lib::worker
