// push and save, see lib/worker/push.h.
#include "lib/worker/push.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/oci/manifest.h"
#include "lib/worker/blob_origins.h"
#include "lib/worker/image_sink.h"
#include "lib/worker/packing.h"
#include "lib/worker/parallel.h"
#include "lib/worker/told_source.h"
#include "storage/digest.h"
#include "storage/layer_blobs.h"
#include "storage/rebuild.h"
#include "storage/spool.h"

#include <map>
#include <optional>

namespace lib::worker {
namespace {

using nlohmann::json;
using storage::Packing;

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
    LayerPush(storage::Store& store, ImageSink& sink, BlobOrigins& origins, Report& report, const Wishes& wishes, const SourceImage& image, std::size_t index)
        : store_(store), sink_(sink), origins_(origins), report_(report), wishes_(wishes), original_(image.manifest.layers[index]), diff_id_(image.diff_ids[index]) {
        const Packing before = packing_of(original_);
        wanted_ = wishes.packing_for(before, image.pulled ? Packing::none : wishes.fallback.value_or(Packing::gzip));
        keeps_ = wishes.keeps(before, wanted_);
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
            if (hand_on(original.places)) return original_;
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

    /// As it is elsewhere, without being unpacked or kept here. The registry holds it to its digest.
    bool hand_on(const std::vector<std::string>& places) {
        const bool done = origins_.try_each(original_, places, [&](const BlobOrigins::Open& open) {
            sink_.put_blob(original_.digest, original_.size, [&](std::uint64_t offset) {
                return std::make_unique<ToldSource>(open(offset), [this](std::uint64_t so_far) {
                    report_.layer(name(), LayerState::uploading, so_far, original_.size);
                }, offset);
            });
        });
        if (done) report_.layer(name(), LayerState::done, original_.size, original_.size);
        return done;
    }

    oci::Descriptor send() {
        const auto tar = storage::open_layer_tar(store_, diff_id_);
        storage::VerifiedSource plain(*tar, diff_id_, -1, cat("layer ", diff_id_, ": its files have been changed (`ctl system check` and a new pull help)"));
        const auto packed = storage::open_compressed(plain, wanted_, wishes_.level);
        const storage::Spool spool(*packed, store_.path("tmp"), [&](std::uint64_t size) { report_.layer(name(), LayerState::packing, size, 0); });
        const oci::Digest digest = oci::Digest::parse(spool.digest());
        const bool there = sink_.has_blob(digest);
        if (!there) sink_.put_blob(digest, spool.size(), [&](std::uint64_t offset) { return told(spool, offset); });
        report_.layer(name(), there ? LayerState::exists : LayerState::done, spool.size(), spool.size());
        return {{}, digest, spool.size(), {}};
    }

    std::unique_ptr<storage::ByteSource> told(const storage::Spool& spool, std::uint64_t offset) {
        return std::make_unique<ToldSource>(spool.open(offset), [this, total = spool.size()](std::uint64_t done) {
            report_.layer(name(), LayerState::uploading, done, total);
        }, offset);
    }

    void remember(const oci::Descriptor& blob) {
        if (const std::string place = sink_.place(); !place.empty())
            storage::remember_layer_blob(store_, diff_id_, {blob.digest.str(), blob.size, to_text(wanted_), {place}});
    }

    storage::Store& store_;
    ImageSink& sink_;
    BlobOrigins& origins_;
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

/// All layers of an image. Equal ones once: two threads that send the same blob would be in each other's way.
std::vector<oci::Descriptor> push_layers(storage::Store& store, ImageSink& sink, BlobOrigins& origins, Report& report, const Wishes& wishes,
                                         const SourceImage& image) {
    std::map<std::string, std::vector<std::size_t>> equal; ///< by diff-id and blob
    for (std::size_t i = 0; i < image.diff_ids.size(); ++i) equal[image.diff_ids[i] + image.manifest.layers[i].digest.str()].push_back(i);
    std::vector<const std::vector<std::size_t>*> jobs;
    for (const auto& [key, indices] : equal) jobs.push_back(&indices);
    std::vector<std::optional<oci::Descriptor>> placed(image.diff_ids.size());
    const bool docker = wishes.is_docker(image.manifest);
    run_parallel(jobs.size(), [&](std::size_t job) {
        const std::size_t first = jobs[job]->front();
        LayerPush layer(store, sink, origins, report, wishes, image, first);
        oci::Descriptor blob = layer.run();
        blob.media_type = layer_type(layer.packing(), docker);
        for (const std::size_t i : *jobs[job]) {
            placed[i] = blob;
            if (blob.digest == image.manifest.layers[i].digest) placed[i]->annotations = image.manifest.layers[i].annotations; // else about other bytes
        }
    });
    std::vector<oci::Descriptor> layers;
    for (auto& layer : placed) layers.push_back(*std::move(layer));
    return layers;
}

void check_layers(const storage::Store& store, const SourceImage& image) {
    for (const std::string& diff_id : image.diff_ids)
        if (!store.find_layer(diff_id) && !store.has_layer(diff_id, storage::IdMode::single)) throw Error("layer ", diff_id, " is missing; pull the image again");
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
    for (const SourceImage& image : images) check_layers(store, image);
    const auto sink = make_sink(request, known_places(store, diff_ids), report);
    BlobOrigins origins(request);
    json results = json::array();
    for (const SourceImage& image : images) {
        std::vector<oci::Descriptor> layers = push_layers(store, *sink, origins, report, wishes, image);
        const std::set<std::string> packings = packings_of(layers);
        const FinishedImage finished = finish_image({image.manifest, image.manifest_json, image.config_json, image.names}, wishes, std::move(layers));
        sink->put_image(finished, Role::whole);
        results.push_back({{"digest", finished.manifest.digest.str()}, {"size", finished.manifest.json.size()},
                           {"media_type", finished.manifest.media_type}, {"changed", finished.manifest.json != image.manifest_json},
                           {"packings", packings}});
    }
    sink->finish();
    return {{"images", std::move(results)}};
}

} // namespace lib::worker
