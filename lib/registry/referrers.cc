// See lib/registry/referrers.h.
#include "lib/registry/referrers.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"

namespace lib::registry {

using nlohmann::json;

std::string referrers_tag(const oci::Digest& subject) { return "sha256-" + subject.hex(); }

std::optional<std::string> fetch_referrers_index(Client& client, const oci::Digest& subject) {
    Http http;
    const std::string tag = referrers_tag(subject);
    const ResponseHead head = client.perform_with_retries(http, {.method = "HEAD", .target = client.path("manifests/" + tag),
                                                                 .headers = {cat("Accept: ", oci::media_type::oci_index)}});
    if (head.status == 404) return std::nullopt;
    return client.fetch_manifest(tag).body;
}

std::optional<Referrer> find_referrer(const std::string& media_type, const std::string& manifest, const oci::Digest& digest) {
    const json document = oci::parse_json_text(manifest, "manifest");
    const oci::Fields fields(document, "manifest");
    const auto subject = fields.object("subject");
    if (!subject) return std::nullopt;
    json descriptor{{"mediaType", media_type}, {"digest", digest.str()}, {"size", manifest.size()}};
    std::string type = fields.text("artifactType");
    if (const auto config = fields.object("config"); config && type.empty()) type = config->text("mediaType");
    if (!type.empty()) descriptor["artifactType"] = type;
    if (const auto annotations = fields.text_map("annotations"); !annotations.empty()) descriptor["annotations"] = annotations;
    return Referrer{subject->digest("digest"), descriptor.dump()};
}

std::optional<std::string> with_referrer(const std::string& index, const Referrer& referrer) {
    json document{{"schemaVersion", 2}, {"mediaType", oci::media_type::oci_index}, {"manifests", json::array()}};
    if (!index.empty()) {
        (void)oci::parse_index(index);
        document = oci::parse_json_text(index, "the index of referrers");
    }
    const json descriptor = json::parse(referrer.descriptor);
    for (const json& entry : document["manifests"])
        if (entry.at("digest") == descriptor.at("digest")) return std::nullopt;
    document["manifests"].push_back(descriptor);
    return document.dump();
}

} // namespace lib::registry
