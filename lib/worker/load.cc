// load, the worker's side, see lib/worker/load.h.
#include "lib/worker/load.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/reference.h"
#include "lib/image_worker.h"
#include "lib/worker/choose_manifest.h"
#include "lib/worker/request.h"
#include "storage/decompress.h"
#include "storage/digest.h"

#include <array>

namespace lib::worker {
namespace {


/// A layer of an archive on its way into the unpacker.
class ArchivedLayer : public LayerSource {
public:
    ArchivedLayer(const ArchivedImage::Layer& layer, const oci::Descriptor& descriptor, Report& report, const std::atomic<bool>& cancelled)
        : member_(layer.member, layer.name), name_(descriptor.digest.str()), size_(layer.member.size), report_(report), cancelled_(cancelled) {
        if (layer.verify)
            verified_.emplace(member_, name_, static_cast<long long>(descriptor.size), layer.name);
    }

    std::size_t read(std::span<std::byte> into) override {
        if (cancelled_) throw Error("cancelled");
        const std::size_t count = verified_ ? verified_->read(into) : member_.read(into);
        position_ += count;
        report_.layer(name_, LayerState::unpacking, position_, size_);
        return count;
    }

private:
    MemberSource member_;
    std::optional<storage::VerifiedSource> verified_;
    std::string name_;
    std::uint64_t size_;
    std::uint64_t position_ = 0;
    Report& report_;
    const std::atomic<bool>& cancelled_;
};

ArchivedImage read_image(const Layout& layout, RawManifest raw) {
    oci::Manifest manifest = oci::parse_manifest(raw.body, raw.media_type);
    std::string config_json = layout.read_blob(manifest.config, config_limit);
    oci::ImageConfig config = check_config(manifest, config_json);
    std::vector<ArchivedImage::Layer> layers;
    for (const oci::Descriptor& layer : manifest.layers) layers.push_back({layout.blob(layer), layout.blob_name(layer.digest), true});
    return {{std::move(manifest), std::move(raw.body), raw.digest, std::move(config), std::move(config_json), {}, {}}, std::move(layers)};
}

/// The image that a manifest is, or that an index has for a platform, through the indexes in between.
ArchivedImage follow(const Layout& layout, RawManifest raw, const oci::Platform& platform = oci::host_platform()) {
    return read_image(layout, choose_manifest(std::move(raw), platform, [&](const oci::Descriptor& entry) { return layout.manifest(entry); }).raw);
}

/// Of several entries those for other platforms are passed over, and attestations are no images.
bool is_wanted(const oci::Index& index, const oci::Descriptor& entry) {
    return index.manifests.size() == 1 || !entry.platform || oci::platform_match(oci::host_platform(), *entry.platform) > 0;
}

/// Bytes of a layer's tar; one that is compressed is read through to learn it.
std::uint64_t plain_size(const Member& member, const std::string& name) {
    MemberSource source(member, name);
    const auto plain = storage::open_decompressed(source);
    std::vector<std::byte> chunk(256 << 10);
    std::uint64_t size = 0;
    while (const std::size_t count = plain->read(chunk)) size += count;
    return size;
}

bool is_plain_tar(const Member& member, const std::string& name) {
    std::array<std::byte, 262> head{};
    MemberSource source({member.fd, member.offset, std::min<std::uint64_t>(member.size, head.size()), member.owned}, name);
    std::size_t done = 0;
    while (done < head.size()) {
        const std::size_t count = source.read(std::span(head).subspan(done));
        if (count == 0) return true; // too short to be a compressed tar of any content
        done += count;
    }
    return std::string_view(reinterpret_cast<const char*>(head.data()) + 257, 5) == "ustar";
}

/// A docker-archive has no manifest: one is made, with the plain tars as its layers, whatever the archive packs them in.
ArchivedImage read_docker_image(const Archive& archive, const oci::Fields& entry, Report& report) {
    const std::string config_name = entry.required_text("Config");
    std::string config_json = archive.get(config_name, Links::refused).read(config_name, config_limit);
    oci::ImageConfig config = oci::parse_image_config(config_json);
    const auto names = entry.texts("Layers").value_or(std::vector<std::string>{});
    if (names.size() != config.diff_ids.size())
        throw Error("manifest.json: ", names.size(), " layers, but ", oci::printable(config_name), " has ", config.diff_ids.size(), " diff-ids");
    oci::Manifest manifest{std::string(oci::media_type::docker_manifest),
                           {std::string(oci::media_type::docker_config), oci::Digest::parse(storage::sha256_digest(config_json)),
                            config_json.size(), {}, {}},
                           {}, {}};
    std::vector<ArchivedImage::Layer> layers;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const Member member = archive.get(names[i], Links::followed);
        const std::uint64_t size = is_plain_tar(member, names[i]) ? member.size : plain_size(member, names[i]);
        manifest.layers.push_back({"application/vnd.docker.image.rootfs.diff.tar", config.diff_ids[i], size, {}, {}});
        layers.push_back({member, names[i], false});
    }
    std::string manifest_json = oci::to_json(manifest);
    const oci::Digest digest = oci::Digest::parse(storage::sha256_digest(manifest_json));
    ArchivedImage image{{std::move(manifest), std::move(manifest_json), digest, std::move(config), std::move(config_json), {}, {}},
                        std::move(layers)};
    for (const std::string& tag : entry.texts("RepoTags").value_or(std::vector<std::string>{}))
        if (auto name = archived_name(tag, report)) image.found.names.push_back(*std::move(name));
    return image;
}

std::vector<ArchivedImage> all_images(const Archive& archive, const std::string& kind, Report& report) {
    if (kind.starts_with("oci")) return find_oci_images(archive, report);
    if (kind == "docker-archive") return find_docker_images(archive, report);
    const Layout layout(archive, LayoutKind::dir);
    std::vector<ArchivedImage> images;
    images.push_back(follow(layout, layout.root({})));
    return images;
}

/// What the request asks for, with the names it is to have.
std::vector<ArchivedImage> find_images(const Archive& archive, const std::string& kind, const nlohmann::json& request, Report& report) {
    const oci::Fields fields(request, "the request");
    const std::string wanted = fields.text("transport");
    if (!wanted.empty() && kind != wanted) throw Error("it is not ", wanted, ": but ", kind, ":");
    const auto names = fields.texts("names");
    std::vector<ArchivedImage> images;
    if (!names) {
        images = all_images(archive, kind, report);
        if (!wanted.empty() && images.size() > 1)
            throw Error("it has ", images.size(), " images: say which, as in ", kind, ":PATH:NAME, or take all of them with ctl load");
        return images;
    }
    if (kind == "docker-archive") {
        images.push_back(choose_docker_image(find_docker_images(archive, report), fields.text("choose")));
    } else {
        const Layout layout(archive, kind == "dir" ? LayoutKind::dir : LayoutKind::oci);
        images.push_back(follow(layout, layout.root(fields.text("choose")), parse_wanted_platform(request).value_or(oci::host_platform())));
    }
    images.front().found.names = *names;
    return images;
}

void check_policy(const nlohmann::json& request, const std::string& kind) {
    const auto refused = oci::Fields(request, "the request").object("refused");
    if (refused && refused->has(kind.c_str())) throw Error(refused->text(kind.c_str()));
}

} // namespace

std::optional<std::string> archived_name(const std::string& text, Report& report) {
    try {
        oci::Reference reference = oci::parse_local_reference(text);
        reference.digest.reset();
        if (!reference.tag.empty()) return reference.str();
    } catch (const Error& e) {
        report.notice(cat("a name in the archive is not used: ", e.what()));
    }
    return std::nullopt;
}

std::vector<ArchivedImage> find_oci_images(const Archive& archive, Report& report) {
    const Layout layout(archive, LayoutKind::oci);
    const oci::Index index = layout.index();
    std::vector<ArchivedImage> images;
    for (const oci::Descriptor& entry : index.manifests) {
        if (!is_wanted(index, entry)) continue;
        ArchivedImage image = follow(layout, layout.manifest(entry));
        if (const std::string text = annotated_name(entry); !text.empty())
            if (auto name = archived_name(text, report)) image.found.names.push_back(*std::move(name));
        images.push_back(std::move(image));
    }
    if (images.empty()) throw Error("index.json: no image for platform ", oci::host_platform().str());
    return images;
}

std::vector<ArchivedImage> find_docker_images(const Archive& archive, Report& report) {
    const std::string text = archive.get("manifest.json", Links::refused).read("manifest.json", manifest_limit);
    const nlohmann::json document = oci::parse_json_array(text, "manifest.json");
    std::vector<ArchivedImage> images;
    for (const nlohmann::json& entry : document)
        images.push_back(read_docker_image(archive, oci::Fields(entry, cat("manifest.json: [", images.size(), "]")), report));
    if (images.empty()) throw Error("manifest.json: lists no image");
    return images;
}

ArchivedImage choose_docker_image(std::vector<ArchivedImage> images, const std::string& name) {
    if (name.empty()) {
        if (images.size() > 1) throw Error("manifest.json: lists several images: say which, as in docker-archive:FILE:NAME");
        return std::move(images.front());
    }
    const std::string local = oci::parse_local_reference(name).str(), hub = oci::parse_reference(name).str();
    for (ArchivedImage& image : images)
        for (const std::string& known : image.found.names)
            if (known == local || known == hub) return std::move(image);
    throw Error("manifest.json: has no image with the name ", oci::printable(name));
}

nlohmann::json load(storage::Store& store, const nlohmann::json& request, Report& report) {
    const std::string directory = oci::Fields(request, "the request").text("read");
    UniqueFd input = directory.empty() ? UniqueFd(worker_extra_fd) : files::open_dir(directory);
    const auto archive = open_archive(std::move(input), store.path("tmp"));
    const std::string kind = archive_kind(*archive, !directory.empty());
    check_policy(request, kind);
    nlohmann::json loaded = nlohmann::json::array();
    for (const ArchivedImage& image : find_images(*archive, kind, request, report)) {
        check_platform(image.found.config, parse_wanted_platform(request), report);
        const auto open_layer = [&](const LayerJob& job, const std::atomic<bool>& cancelled) -> std::unique_ptr<LayerSource> {
            return std::make_unique<ArchivedLayer>(image.layers[job.index], image.found.manifest.layers[job.index], report, cancelled);
        };
        const storage::Image stored = store_image(store, image.found, open_layer, report);
        loaded.push_back({{"id", stored.id}, {"names", image.found.names}});
    }
    return {{"images", std::move(loaded)}};
}

} // namespace lib::worker
