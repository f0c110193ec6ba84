// See lib/worker/image_source.h.
#include "lib/worker/image_source.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/json_fields.h"
#include "lib/registry/client.h"
#include "lib/worker/load.h"
#include "lib/worker/request.h"
#include "storage/decompress.h"
#include "storage/digest.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace lib::worker {
namespace {

/// The first of a registry and its mirrors that has what the name leads to.
class RegistrySource : public ImageSource {
public:
    RegistrySource(const nlohmann::json& source, Report& report)
        : access_(parse_access(source.at("access"), report)), reference_(oci::Fields(source, "the request: source").required_text("reference")) {
        const std::vector<registry::Endpoint> endpoints = parse_sources(source);
        for (const registry::Endpoint& endpoint : endpoints) {
            client_.emplace(endpoint, access_, registry::Scopes{cat("repository:", endpoint.repository, ":pull")});
            try {
                root_ = fetch(reference_);
                return;
            } catch (const Error&) {
                if (&endpoint == &endpoints.back()) throw; // a mirror that has it not is passed over
            }
        }
    }

    RawManifest root() override { return *root_; }
    RawManifest manifest(const oci::Descriptor& descriptor) override { return fetch(descriptor.digest.str()); }
    std::string read_blob(const oci::Descriptor& descriptor, std::size_t limit) override { return client_->fetch_blob(descriptor, limit); }
    std::unique_ptr<storage::ByteSource> open_blob(const oci::Descriptor& descriptor, std::uint64_t offset) override {
        return client_->open_blob(descriptor, offset);
    }
    std::string place() const override { return cat(client_->endpoint().host, "/", client_->endpoint().repository); }

private:
    RawManifest fetch(const std::string& tag_or_digest) {
        auto fetched = client_->fetch_manifest(tag_or_digest);
        return {std::move(fetched.body), std::move(fetched.content_type), fetched.digest};
    }

    const registry::Access access_;
    const std::string reference_;
    std::optional<registry::Client> client_;
    std::optional<RawManifest> root_;
};

/// The same, through a fetcher.
class FetchedSource : public ImageSource {
public:
    FetchedSource(Fetcher& fetcher, const nlohmann::json& source)
        : fetcher_(fetcher), endpoints_(parse_sources(source)), root_(find_root(oci::Fields(source, "the request: source").required_text("reference"))) {}

    RawManifest root() override { return root_; }
    RawManifest manifest(const oci::Descriptor& descriptor) override { return fetcher_.fetch_manifest(number_, descriptor.digest.str()); }
    std::string read_blob(const oci::Descriptor& descriptor, std::size_t limit) override { return fetcher_.fetch_blob(number_, descriptor, limit); }
    std::unique_ptr<storage::ByteSource> open_blob(const oci::Descriptor& descriptor, std::uint64_t offset) override {
        return fetcher_.open_blob(number_, descriptor, offset);
    }
    std::string place() const override { return cat(endpoints_[number_].host, "/", endpoints_[number_].repository); }

private:
    RawManifest find_root(const std::string& reference) {
        for (;; ++number_) {
            try {
                return fetcher_.fetch_manifest(number_, reference);
            } catch (const Error&) {
                if (number_ + 1 == endpoints_.size()) throw; // a mirror that has it not is passed over
            }
        }
    }

    Fetcher& fetcher_;
    const std::vector<registry::Endpoint> endpoints_;
    std::size_t number_ = 0; ///< of the endpoint that has it
    const RawManifest root_;
};

Member from(Member member, std::uint64_t offset) {
    if (offset > member.size) throw Error("a blob is shorter than it was");
    member.offset += offset;
    member.size -= offset;
    return member;
}

/// An OCI layout or a dir:, as a directory or as an archive.
class LayoutSource : public ImageSource {
public:
    LayoutSource(std::unique_ptr<Archive> archive, LayoutKind kind, std::string name)
        : archive_(std::move(archive)), layout_(*archive_, kind), name_(std::move(name)) {}

    RawManifest root() override { return layout_.root(name_); }
    RawManifest manifest(const oci::Descriptor& descriptor) override { return layout_.manifest(descriptor); }
    std::string read_blob(const oci::Descriptor& descriptor, std::size_t limit) override { return layout_.read_blob(descriptor, limit); }
    std::unique_ptr<storage::ByteSource> open_blob(const oci::Descriptor& descriptor, std::uint64_t offset) override {
        return std::make_unique<MemberSource>(from(layout_.blob(descriptor), offset), layout_.blob_name(descriptor.digest));
    }

private:
    std::unique_ptr<Archive> archive_;
    Layout layout_;
    std::string name_;
};

/// A member's plain bytes from an offset on, however the archive packs it.
class PlainMember : public storage::ByteSource {
public:
    PlainMember(const ArchivedImage::Layer& layer, std::uint64_t offset) : packed_(layer.member, layer.name), plain_(storage::open_decompressed(packed_)) {
        std::array<std::byte, 16 << 10> chunk;
        while (offset > 0) {
            const std::size_t count = plain_->read(std::span(chunk).first(std::min<std::uint64_t>(offset, chunk.size())));
            if (count == 0) throw Error(oci::printable(layer.name), ": truncated");
            offset -= count;
        }
    }
    std::size_t read(std::span<std::byte> into) override { return plain_->read(into); }

private:
    MemberSource packed_;
    std::unique_ptr<storage::ByteSource> plain_;
};

/// One image of a docker-archive, with the manifest that load makes for it.
class DockerArchiveSource : public ImageSource {
public:
    DockerArchiveSource(std::unique_ptr<Archive> archive, const std::string& name, Report& report)
        : archive_(std::move(archive)), image_(choose_docker_image(find_docker_images(*archive_, report), name)) {}

    RawManifest root() override { return {image_.found.manifest_json, image_.found.manifest.media_type, image_.found.manifest_digest}; }
    RawManifest manifest(const oci::Descriptor& descriptor) override { throw Error("the archive has no manifest ", descriptor.digest.str()); }
    std::string read_blob(const oci::Descriptor&, std::size_t) override { return image_.found.config_json; }
    std::unique_ptr<storage::ByteSource> open_blob(const oci::Descriptor& descriptor, std::uint64_t offset) override {
        for (std::size_t i = 0; i < image_.layers.size(); ++i)
            if (image_.found.manifest.layers[i].digest == descriptor.digest) return std::make_unique<PlainMember>(image_.layers[i], offset);
        throw Error("the archive has no layer ", descriptor.digest.str());
    }

private:
    std::unique_ptr<Archive> archive_;
    ArchivedImage image_;
};

/// An artifact of our own store.
class ArtifactSource : public ImageSource {
public:
    explicit ArtifactSource(const oci::Fields& source)
        : blobs_(files::open_dir(source.required_text("path") + "/blobs")), digest_(source.digest("reference")), place_(source.text("place")) {}

    RawManifest root() override { return {read(digest_, manifest_limit), {}, digest_}; }
    RawManifest manifest(const oci::Descriptor& descriptor) override { throw Error("an artifact has no manifest ", descriptor.digest.str()); }
    std::string read_blob(const oci::Descriptor& descriptor, std::size_t limit) override { return read(descriptor.digest, limit); }
    std::unique_ptr<storage::ByteSource> open_blob(const oci::Descriptor& descriptor, std::uint64_t offset) override {
        return std::make_unique<MemberSource>(from(get(descriptor.digest), offset), "blob " + descriptor.digest.str());
    }
    std::string place() const override { return place_; }

private:
    Member get(const oci::Digest& digest) const { return blobs_.get(digest.hex(), Links::refused); }
    std::string read(const oci::Digest& digest, std::size_t limit) const {
        std::string content = get(digest).read("blob " + digest.str(), limit);
        if (storage::sha256_digest(content) != digest.str()) throw Error("blob ", digest.str(), " is damaged: ctl system check says what helps");
        return content;
    }

    DirectoryArchive blobs_;
    oci::Digest digest_;
    std::string place_;
};

} // namespace

std::unique_ptr<ImageSource> make_fetched_source(Fetcher& fetcher, const nlohmann::json& source) { return std::make_unique<FetchedSource>(fetcher, source); }

std::unique_ptr<ImageSource> make_source(const nlohmann::json& source, int archive_fd, const std::string& spool_dir, Report& report) {
    const oci::Fields fields(source, "the request: source");
    const std::string transport = fields.text("transport"), name = fields.text("name");
    if (transport == "docker") return std::make_unique<RegistrySource>(source, report);
    if (transport == "artifact") return std::make_unique<ArtifactSource>(fields);
    const bool is_directory = transport == "oci" || transport == "dir";
    auto archive = open_archive(is_directory ? files::open_dir(fields.required_text("path")) : UniqueFd(archive_fd), spool_dir);
    if (const std::string kind = archive_kind(*archive, is_directory); kind != transport) throw Error("it is not ", transport, ": but ", kind, ":");
    if (transport == "docker-archive") return std::make_unique<DockerArchiveSource>(std::move(archive), name, report);
    return std::make_unique<LayoutSource>(std::move(archive), transport == "dir" ? LayoutKind::dir : LayoutKind::oci, name);
}

} // namespace lib::worker
