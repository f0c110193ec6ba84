// See lib/search.h.
#include "lib/search.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/reference.h"
#include "lib/image_worker.h"
#include "lib/pull.h"
#include "lib/tags.h"

#include <optional>

namespace lib {
namespace {

using nlohmann::json;

/// Docker Hub is searched at a host of its own.
constexpr const char* hub_index = "index.docker.io";

std::vector<FoundRepository> search_one(Engine& engine, const RegistryAccess& access, const std::string& registry, const std::string& term,
                                        std::size_t limit, const Notice& notice) {
    json endpoint = access.registry(registry);
    if (endpoint["host"] == "registry-1.docker.io") endpoint["host"] = hub_index;
    const json request{{"registry", std::move(endpoint)}, {"access", access.access()}, {"term", term}, {"limit", limit}};
    const json result = run_image_worker(engine, {"search"}, request_file(request).get(), {notice, {}});
    std::vector<FoundRepository> found;
    for (const oci::Fields& one : oci::Fields(result, "the image worker's result").objects("found")) {
        std::string name = one.text("name");
        if (registry == "docker.io" && name.find('/') == std::string::npos) name.insert(0, "library/");
        found.push_back({registry, cat(registry, "/", name), one.text("description"), one.number("stars").value_or(0), one.flag("official"),
                         one.flag("automated")});
    }
    return found;
}

} // namespace

std::vector<FoundRepository> search_registries(Engine& engine, const SearchRequest& request, const Notice& notice) {
    const RegistryAccess access(engine, request.registry, notice);
    const auto slash = request.term.find('/');
    const std::string first = request.term.substr(0, slash);
    const bool names_registry = slash != std::string::npos && (first.find_first_of(".:") != std::string::npos || first == "localhost");
    const std::vector<std::string> registries = names_registry ? std::vector<std::string>{first} : access.conf().search_registries();
    const std::string term = names_registry ? request.term.substr(slash + 1) : request.term;
    std::vector<FoundRepository> all;
    std::optional<Error> failure;
    bool answered = false;
    for (const std::string& registry : registries) {
        try {
            const auto found = search_one(engine, access, registry, term, request.limit, notice);
            all.insert(all.end(), found.begin(), found.end());
            answered = true;
        } catch (Error& e) {
            e.add_context("search " + registry);
            if (registries.size() > 1 && notice) notice(e.what());
            failure = e;
        }
    }
    if (!answered && failure) throw Error(*failure);
    return all;
}

RepositoryTags find_tags(Engine& engine, const SearchRequest& request, const Notice& notice) {
    const RegistryAccess access(engine, request.registry, notice);
    const oci::Reference reference = access.conf().candidates(without_transport(request.term, "search")).front();
    return {reference.name(), list_tags(engine, access, reference, notice, request.limit)};
}

} // namespace lib
