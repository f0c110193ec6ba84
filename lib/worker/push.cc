// push and save, see lib/worker/push.h.
#include "lib/worker/push.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/manifest.h"
#include "lib/image_worker.h"
#include "lib/worker/image_sink.h"
#include "lib/worker/parallel.h"
#include "storage/digest.h"
#include "storage/layer_blobs.h"
#include "storage/rebuild.h"
#include "storage/spool.h"

#include <map>
#include <mutex>
#include <optional>

namespace lib::worker {
namespace {

using nlohmann::json;
using oci::LayerCompression;
using storage::Packing;

Packing packing_of(const oci::Descriptor& layer) {
    switch (oci::layer_compression(layer)) {
    case LayerCompression::none: return Packing::none;
    case LayerCompression::gzip: return Packing::gzip;
    case LayerCompression::zstd: return Packing::zstd;
    }
    return Packing::none;
}

const char* to_text(Packing packing) {
    switch (packing) {
    case Packing::none: return "none";
    case Packing::gzip: return "gzip";
    case Packing::zstd: return "zstd";
    }
    return "";
}

std::optional<Packing> parse_packing(const std::string& text) {
    for (const Packing packing : {Packing::none, Packing::gzip, Packing::zstd})
        if (text == to_text(packing)) return packing;
    return std::nullopt;
}

std::string layer_type(Packing packing, bool docker) {
    std::string type = docker ? "application/vnd.docker.image.rootfs.diff.tar" : std::string(oci::media_type::oci_layer);
    if (packing != Packing::none) type += cat(docker ? '.' : '+', to_text(packing));
    return type;
}

/// How the images are to look there.
struct Wishes {
    std::string format;             ///< oci, v2s2; empty: as it is
    std::optional<Packing> packing; ///< of every layer; empty: as it is
    std::optional<int> level;
    Packing fallback = Packing::gzip; ///< of plain layers of images made here
};

Wishes parse_wishes(const json& request) {
    const oci::Fields fields(request, "the request");
    Wishes wishes{fields.text("format"), parse_packing(fields.text("packing")), std::nullopt, Packing::gzip};
    if (const auto level = fields.number("level", 100)) wishes.level = static_cast<int>(*level);
    if (const auto fallback = parse_packing(fields.text("default_packing"))) wishes.fallback = *fallback;
    return wishes;
}

struct SourceImage {
    oci::Manifest manifest;
    std::string manifest_json;
    std::string config_json;
    std::vector<std::string> diff_ids;
    std::vector<std::string> names;
    bool pulled = false;

    explicit SourceImage(const oci::Fields& fields)
        : manifest(oci::parse_manifest(fields.required_text("manifest"))), manifest_json(fields.text("manifest")),
          config_json(fields.required_text("config")), diff_ids(fields.texts("diff_ids").value_or(std::vector<std::string>{})),
          names(fields.texts("names").value_or(std::vector<std::string>{})), pulled(fields.flag("pulled")) {
        if (manifest.layers.size() != diff_ids.size()) throw Error("the image's manifest does not fit its layers");
    }
};

/// One layer's way.
class LayerPush {
public:
    LayerPush(storage::Store& store, ImageSink& sink, Report& report, const Wishes& wishes, const SourceImage& image, std::size_t index)
        : store_(store), sink_(sink), report_(report), wishes_(wishes), original_(image.manifest.layers[index]), diff_id_(image.diff_ids[index]) {
        const Packing before = packing_of(original_);
        const bool made_here = !image.pulled && before == Packing::none;
        wanted_ = wishes.packing.value_or(made_here ? wishes.fallback : before);
        const bool docker = wishes.format == "v2s2";
        if (docker && wanted_ == Packing::zstd) {
            if (wishes.packing) throw Error("Docker's format has no zstd: use --format oci");
            wanted_ = Packing::gzip;
        }
        storage::check_level(wanted_, wishes.level);
        // A format and a level asked for together mean packing anew.
        keeps_ = wanted_ == before && (wanted_ == Packing::none || !wishes.packing || !wishes.level);
    }

    /// The descriptor of the blob that is there now; its media type is the caller's.
    oci::Descriptor run() {
        report_.layer(name(), LayerState::waiting, 0, original_.size);
        oci::Descriptor found = find_there();
        remember(found);
        return found;
    }
    Packing packing() const noexcept { return wanted_; }

private:
    const std::string& name() const noexcept { return original_.digest.str(); }

    oci::Descriptor find_there() {
        std::vector<storage::LayerBlob> known = storage::load_layer_blobs(store_, diff_id_);
        if (keeps_) {
            storage::LayerBlob original{original_.digest.str(), original_.size, to_text(wanted_), {}};
            for (const storage::LayerBlob& blob : known)
                if (blob.digest == original.digest) original.places = blob.places;
            if (is_there(original)) return original_;
            if (wanted_ == Packing::none) return send();
        }
        for (const storage::LayerBlob& blob : known)
            if (!wishes_.level && blob.packing == to_text(wanted_) && is_there(blob))
                return {{}, oci::Digest::parse(blob.digest), blob.size, {}};
        return send();
    }

    bool is_there(const storage::LayerBlob& blob) {
        const oci::Digest digest = oci::Digest::parse(blob.digest);
        bool there = sink_.has_blob(digest);
        for (std::size_t i = 0; !there && i < blob.places.size(); ++i) there = sink_.try_mount(digest, blob.places[i]);
        if (there) report_.layer(name(), LayerState::exists, blob.size, blob.size);
        return there;
    }

    oci::Descriptor send() {
        const auto plain = storage::open_layer_tar(store_, diff_id_);
        const auto packed = storage::open_compressed(*plain, wanted_, wishes_.level);
        const storage::Spool spool(*packed, store_.path("tmp"), [&](std::uint64_t size) { report_.layer(name(), LayerState::packing, size, 0); });
        if (wanted_ == Packing::none && spool.digest() != diff_id_)
            throw Error("layer ", diff_id_, ": its files have been changed: `ctl system check` and a new pull help");
        const oci::Digest digest = oci::Digest::parse(spool.digest());
        const bool there = sink_.has_blob(digest);
        if (!there) sink_.put_blob(digest, spool.size(), [&](std::uint64_t offset) { return counted(spool, offset); });
        report_.layer(name(), there ? LayerState::exists : LayerState::done, spool.size(), spool.size());
        return {{}, digest, spool.size(), {}};
    }

    /// Tells how much has gone out.
    std::unique_ptr<storage::ByteSource> counted(const storage::Spool& spool, std::uint64_t offset) {
        class Counted : public storage::ByteSource {
        public:
            Counted(std::unique_ptr<storage::ByteSource> source, std::function<void(std::uint64_t)> tell, std::uint64_t done)
                : source_(std::move(source)), tell_(std::move(tell)), done_(done) {}
            std::size_t read(std::span<std::byte> into) override {
                const std::size_t count = source_->read(into);
                done_ += count;
                tell_(done_);
                return count;
            }

        private:
            std::unique_ptr<storage::ByteSource> source_;
            std::function<void(std::uint64_t)> tell_;
            std::uint64_t done_;
        };
        return std::make_unique<Counted>(spool.open(offset), [this, total = spool.size()](std::uint64_t done) {
            report_.layer(name(), LayerState::uploading, done, total);
        }, offset);
    }

    void remember(const oci::Descriptor& blob) {
        if (const std::string place = sink_.place(); !place.empty())
            storage::remember_layer_blob(store_, diff_id_, {blob.digest.str(), blob.size, to_text(wanted_), {place}});
    }

    storage::Store& store_;
    ImageSink& sink_;
    Report& report_;
    const Wishes& wishes_;
    const oci::Descriptor& original_;
    const std::string& diff_id_;
    Packing wanted_ = Packing::gzip;
    bool keeps_ = false; ///< the manifest's own blob would do
};

/// Every repository where a layer is known to be, the most recent first.
std::vector<std::string> known_places(const storage::Store& store, const std::vector<std::string>& diff_ids) {
    std::vector<std::string> places;
    for (const std::string& diff_id : diff_ids)
        for (const storage::LayerBlob& blob : storage::load_layer_blobs(store, diff_id)) places.insert(places.end(), blob.places.begin(), blob.places.end());
    return places;
}

std::unique_ptr<ImageSink> make_sink(const storage::Store& store, const json& request, const std::vector<std::string>& diff_ids) {
    const json& destination = request.at("destination");
    const oci::Fields fields(destination, "the request: destination");
    const std::string transport = fields.text("transport");
    if (transport == "docker") return make_registry_sink(destination, request.at("access"), known_places(store, diff_ids));
    if (transport == "oci") return make_oci_sink(fields.required_text("path"));
    if (transport == "dir") return make_dir_sink(fields.required_text("path"));
    if (transport == "oci-archive") return make_oci_archive_sink(worker_extra_fd);
    if (transport == "docker-archive") return make_docker_archive_sink(worker_extra_fd);
    throw Error("the request: transport ", oci::printable(transport), " is not known");
}

/// All layers of an image. Equal ones once: two threads that send the same blob would be in each other's way.
std::vector<oci::Descriptor> push_layers(storage::Store& store, ImageSink& sink, Report& report, const Wishes& wishes, const SourceImage& image) {
    std::map<std::string, std::vector<std::size_t>> equal; ///< by diff-id and blob
    for (std::size_t i = 0; i < image.diff_ids.size(); ++i) equal[image.diff_ids[i] + image.manifest.layers[i].digest.str()].push_back(i);
    std::vector<const std::vector<std::size_t>*> jobs;
    for (const auto& [key, indices] : equal) jobs.push_back(&indices);
    std::vector<std::optional<oci::Descriptor>> placed(image.diff_ids.size());
    const bool docker = wishes.format.empty() ? image.manifest.media_type == oci::media_type::docker_manifest : wishes.format == "v2s2";
    run_parallel(jobs.size(), [&](std::size_t job) {
        const std::size_t first = jobs[job]->front();
        LayerPush layer(store, sink, report, wishes, image, first);
        oci::Descriptor blob = layer.run();
        blob.media_type = layer_type(layer.packing(), docker);
        for (const std::size_t i : *jobs[job]) {
            placed[i] = blob;
            placed[i]->annotations = image.manifest.layers[i].annotations;
        }
    });
    std::vector<oci::Descriptor> layers;
    for (auto& layer : placed) layers.push_back(*std::move(layer));
    return layers;
}

/// The manifest that fits the layers: the image's own where nothing has changed.
FinishedImage finish_image(const SourceImage& image, const Wishes& wishes, std::vector<oci::Descriptor> layers) {
    const bool was_docker = image.manifest.media_type == oci::media_type::docker_manifest;
    const bool docker = wishes.format.empty() ? was_docker : wishes.format == "v2s2";
    bool same = docker == was_docker;
    std::vector<oci::Digest> digests;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        same = same && layers[i].digest == image.manifest.layers[i].digest;
        digests.push_back(layers[i].digest);
    }
    FinishedImage finished{image.manifest_json, image.manifest.media_type, oci::Digest::parse(storage::sha256_digest(image.manifest_json)),
                           image.config_json, image.manifest.config.digest, std::move(digests), image.names};
    if (same) return finished;
    oci::Manifest manifest = image.manifest;
    manifest.media_type = docker ? oci::media_type::docker_manifest : oci::media_type::oci_manifest;
    manifest.config.media_type = docker ? oci::media_type::docker_config : oci::media_type::oci_config;
    if (docker) manifest.annotations.clear(); // Docker's format has none
    manifest.layers = std::move(layers);
    finished.manifest_json = oci::to_json(manifest);
    finished.media_type = manifest.media_type;
    finished.manifest_digest = oci::Digest::parse(storage::sha256_digest(finished.manifest_json));
    return finished;
}

void check_layers(const storage::Store& store, const SourceImage& image) {
    for (const std::string& diff_id : image.diff_ids)
        if (!store.find_layer(diff_id)) throw Error("layer ", diff_id, " is missing; pull the image again");
}

} // namespace

json push(storage::Store& store, const json& request, Report& report) {
    const Wishes wishes = parse_wishes(request);
    std::vector<SourceImage> images;
    std::vector<std::string> diff_ids;
    for (const oci::Fields& fields : oci::Fields(request, "the request").objects("images")) {
        images.emplace_back(fields);
        diff_ids.insert(diff_ids.end(), images.back().diff_ids.begin(), images.back().diff_ids.end());
    }
    const storage::Lease lease = store.lease_layers(diff_ids);
    const auto sink = make_sink(store, request, diff_ids);
    json results = json::array();
    for (const SourceImage& image : images) {
        check_layers(store, image);
        const FinishedImage finished = finish_image(image, wishes, push_layers(store, *sink, report, wishes, image));
        sink->put_image(finished);
        results.push_back({{"digest", finished.manifest_digest.str()}, {"size", finished.manifest_json.size()},
                           {"media_type", finished.media_type}, {"changed", finished.manifest_json != image.manifest_json}});
    }
    sink->finish();
    return {{"images", std::move(results)}};
}

} // namespace lib::worker
