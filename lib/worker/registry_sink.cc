// A registry as the place an image is sent to, see lib/worker/image_sink.h.
#include "lib/worker/image_sink.h"

#include "base/oci/json_fields.h"
#include "lib/worker/request.h"


namespace lib::worker {
namespace {

class RegistrySink : public ImageSink {
public:
    RegistrySink(registry::Endpoint endpoint, registry::Access access, std::string tag)
        : access_(std::move(access)), tag_(std::move(tag)),
          client_(endpoint, access_, {cat("repository:", endpoint.repository, ":pull,push")}) {}

    bool has_blob(const oci::Digest& digest) override { return registry::Uploader(client_).has_blob(digest); }

    bool try_mount(const oci::Digest& digest, const std::string& from) override {
        const std::string prefix = client_.endpoint().host + "/";
        if (!from.starts_with(prefix) || from == place()) return false;
        return registry::Uploader(client_).try_mount(digest, from.substr(prefix.size()));
    }

    void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) override {
        registry::Uploader(client_).put_blob(digest, size, open);
    }

    void put_image(const FinishedImage& image) override {
        registry::Uploader uploader(client_);
        if (!uploader.has_blob(image.config_digest))
            uploader.put_blob(image.config_digest, image.config_json.size(), [&](std::uint64_t offset) {
                return std::make_unique<registry::TextSource>(std::string_view(image.config_json).substr(offset));
            });
        uploader.put_manifest(tag_.empty() ? image.manifest_digest.str() : tag_, image.media_type, image.manifest_json);
    }

    std::string place() const override { return cat(client_.endpoint().host, "/", client_.endpoint().repository); }

private:
    const registry::Access access_;
    const std::string tag_;
    registry::Client client_;
};

} // namespace

std::unique_ptr<ImageSink> make_registry_sink(const nlohmann::json& destination, const nlohmann::json& access) {
    return std::make_unique<RegistrySink>(parse_endpoint(destination.at("endpoint")), parse_access(access),
                                          oci::Fields(destination, "the request: destination").text("tag"));
}

} // namespace lib::worker
