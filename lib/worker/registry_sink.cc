// A registry as the place an image is sent to, see lib/worker/image_sink.h.
#include "lib/worker/image_sink.h"

#include "base/oci/json_fields.h"
#include "lib/worker/request.h"

#include <algorithm>

namespace lib::worker {
namespace {

constexpr std::size_t most_scopes = 6; ///< some token servers take no long URLs

registry::Scopes scopes_for(const registry::Endpoint& endpoint, const std::vector<std::string>& places) {
    registry::Scopes scopes{cat("repository:", endpoint.repository, ":pull,push")};
    const std::string host = endpoint.host + "/";
    for (const std::string& place : places) {
        if (!place.starts_with(host) || place == host + endpoint.repository || scopes.size() == most_scopes) continue;
        const std::string scope = cat("repository:", place.substr(host.size()), ":pull");
        if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
    }
    return scopes;
}

class RegistrySink : public ImageSink {
public:
    RegistrySink(registry::Endpoint endpoint, registry::Access access, std::string tag, const std::vector<std::string>& places)
        : access_(std::move(access)), tag_(std::move(tag)), client_(endpoint, access_, scopes_for(endpoint, places)) {}

    bool has_blob(const oci::Digest& digest) override { return registry::Uploader(client_).has_blob(digest); }

    bool try_mount(const oci::Digest& digest, const std::string& from) override {
        const std::string prefix = client_.endpoint().host + "/";
        if (!from.starts_with(prefix) || from == place()) return false;
        return registry::Uploader(client_).try_mount(digest, from.substr(prefix.size()));
    }

    void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) override {
        registry::Uploader(client_).put_blob(digest, size, open);
    }

    void put_image(const FinishedImage& image, Role role) override {
        registry::Uploader uploader(client_);
        if (!uploader.has_blob(image.config_digest))
            uploader.put_blob(image.config_digest, image.config_json.size(), [&](std::uint64_t offset) {
                return std::make_unique<registry::TextSource>(std::string_view(image.config_json).substr(offset));
            });
        put_manifest(uploader, image.manifest, role == Role::member ? "" : tag_);
    }

    void put_index(const FinishedManifest& index, Role role) override {
        registry::Uploader uploader(client_);
        put_manifest(uploader, index, role == Role::member ? "" : tag_);
    }

    std::string place() const override { return cat(client_.endpoint().host, "/", client_.endpoint().repository); }

private:
    static void put_manifest(registry::Uploader& uploader, const FinishedManifest& manifest, const std::string& tag) {
        uploader.put_manifest(tag.empty() ? manifest.digest.str() : tag, manifest.media_type, manifest.json);
    }

    const registry::Access access_;
    const std::string tag_;
    registry::Client client_;
};

} // namespace

std::unique_ptr<ImageSink> make_registry_sink(const nlohmann::json& destination, const nlohmann::json& access, const std::vector<std::string>& places, Report& report) {
    return std::make_unique<RegistrySink>(parse_endpoint(destination.at("endpoint")), parse_access(access, report),
                                          oci::Fields(destination, "the request: destination").text("tag"), places);
}

} // namespace lib::worker
