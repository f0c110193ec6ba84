// See lib/sync_yaml.h.
#include "lib/sync_yaml.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "lib/yaml_text.h"

#include <algorithm>
#include <initializer_list>

namespace lib {
namespace {

using nlohmann::json;

void refuse_unknown(const oci::Fields& fields, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : fields.raw().items())
        if (std::ranges::find(known, key) == known.end()) throw Error(fields.at(key.c_str()), ": is not supported");
}

RegistryOptions registry_options(const oci::Fields& fields, RegistryOptions options) {
    if (const auto credentials = fields.object("credentials"))
        options.creds = cat(credentials->required_text("username"), ":", credentials->required_text("password"));
    if (fields.has("tls-verify")) options.tls_verify = fields.flag("tls-verify");
    if (const std::string dir = fields.text("cert-dir"); !dir.empty()) options.cert_dir = dir;
    return options;
}

void add_repositories(std::vector<SyncRepository>& list, const std::string& registry, const oci::Fields& fields, const RegistryOptions& given) {
    refuse_unknown(fields, {"images", "images-by-tag-regex", "credentials", "tls-verify", "cert-dir"});
    const RegistryOptions options = registry_options(fields, given);
    if (const auto images = fields.object("images"))
        for (const auto& [repository, tags] : images->raw().items())
            list.push_back({cat(registry, "/", repository), images->texts(repository.c_str()).value_or(std::vector<std::string>{}), {}, options});
    if (const auto images = fields.object("images-by-tag-regex"))
        for (const auto& [repository, pattern] : images->raw().items())
            list.push_back({cat(registry, "/", repository), {}, Pattern(images->at(repository.c_str()), images->required_text(repository.c_str())), options});
}

} // namespace

std::vector<SyncRepository> parse_sync_yaml(const std::string& text, const std::string& file, const RegistryOptions& options) {
    const json document = parse_yaml_text(text, file);
    const oci::Fields registries(document, file);
    std::vector<SyncRepository> list;
    for (const auto& [registry, value] : document.items())
        if (const auto fields = registries.object(registry.c_str())) add_repositories(list, registry, *fields, options);
    return list;
}

} // namespace lib
