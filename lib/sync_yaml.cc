// See lib/sync_yaml.h.
#include "lib/sync_yaml.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "lib/pattern.h"
#include "lib/version_range.h"
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
    refuse_unknown(fields, {"images", "images-by-tag-regex", "images-by-semver", "credentials", "tls-verify", "cert-dir"});
    const RegistryOptions options = registry_options(fields, given);
    if (const auto images = fields.object("images"))
        for (const auto& [repository, tags] : images->raw().items())
            list.push_back({cat(registry, "/", repository), images->texts(repository.c_str()).value_or(std::vector<std::string>{}), {}, options});
    const auto add_by = [&](const char* member, const auto& make) {
        const auto images = fields.object(member);
        if (!images) return;
        for (const auto& [repository, value] : images->raw().items()) {
            const std::string text = value.is_number() ? value.dump() : images->required_text(repository.c_str()); // 1 is a range, too
            list.push_back({cat(registry, "/", repository), {}, make(images->at(repository.c_str()), text), options});
        }
    };
    using WantsTag = decltype(SyncRepository::wants_tag);
    add_by("images-by-tag-regex", [](const std::string& where, const std::string& text) -> WantsTag {
        return [pattern = Pattern(where, text)](const std::string& tag) { return pattern.matches(tag); };
    });
    add_by("images-by-semver", [](const std::string& where, const std::string& text) -> WantsTag {
        return [range = VersionRange(where, text)](const std::string& tag) { return range.matches(tag); };
    });
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
