// See lib/worker/tags.h.
#include "lib/worker/tags.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/reference.h"
#include "lib/worker/request.h"

namespace lib::worker {
namespace {

constexpr std::size_t most_pages = 1000;
constexpr std::size_t most_tags = 50'000; ///< their names, of 128 bytes at most, fit into one line of the report

std::vector<std::string> tags_of(registry::Client& client, std::size_t limit) {
    std::vector<std::string> tags;
    std::string target = client.path("tags/list");
    for (std::size_t pages = 0; !target.empty(); ++pages) {
        if (pages == most_pages) throw Error("the registry's list of tags has no end");
        const registry::Client::Page page = client.fetch_page(target);
        const nlohmann::json document = oci::parse_json_text(page.body, "tags");
        for (const std::string& tag : oci::Fields(document, "tags").texts("tags").value_or(std::vector<std::string>{})) {
            // What becomes a name here must be one.
            (void)oci::parse_reference(cat(client.endpoint().host, "/", client.endpoint().repository, ":", tag));
            if (tags.size() == most_tags) throw Error("the repository has more than ", most_tags, " tags, too many to list");
            tags.push_back(tag);
            if (tags.size() == limit) return tags;
        }
        target = page.next;
    }
    return tags;
}

} // namespace

nlohmann::json list_tags(const nlohmann::json& request, Report& report) {
    const registry::Access access = parse_access(request.at("access"), report);
    const std::size_t limit = oci::Fields(request, "the request").number("limit").value_or(0);
    const std::vector<registry::Endpoint> sources = parse_sources(request);
    for (std::size_t i = 0;; ++i) {
        registry::Client client(sources[i], access, {cat("repository:", sources[i].repository, ":pull")});
        try {
            return {{"tags", tags_of(client, limit)}};
        } catch (const Error&) {
            if (i + 1 == sources.size()) throw; // a mirror that cannot say is passed over
        }
    }
}

} // namespace lib::worker
