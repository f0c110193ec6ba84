// See lib/worker/copy_image.h.
#include "lib/worker/copy_image.h"

#include "base/error.h"
#include "base/oci/image_config.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "lib/image_worker.h"
#include "lib/worker/choose_manifest.h"
#include "lib/worker/image.h"
#include "lib/worker/image_sink.h"
#include "lib/worker/image_source.h"
#include "lib/worker/packing.h"
#include "lib/worker/parallel.h"
#include "lib/worker/request.h"
#include "lib/worker/told_source.h"
#include "storage/decompress.h"
#include "storage/digest.h"
#include "storage/spool.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace lib::worker {
namespace {

using nlohmann::json;
using storage::Packing;

/// What arrives must be what the descriptor names; a stream that does not begin at the start is checked by whoever gets it.
std::unique_ptr<storage::ByteSource> verified(std::unique_ptr<storage::ByteSource> source, const oci::Descriptor& blob) {
    class Verified : public storage::ByteSource {
    public:
        Verified(std::unique_ptr<storage::ByteSource> source, const oci::Descriptor& blob)
            : source_(std::move(source)), verified_(*source_, blob.digest.str(), static_cast<long long>(blob.size), cat("blob ", blob.digest.str())) {}
        std::size_t read(std::span<std::byte> into) override { return verified_.read(into); }

    private:
        std::unique_ptr<storage::ByteSource> source_;
        storage::VerifiedSource verified_;
    };
    return std::make_unique<Verified>(std::move(source), blob);
}

/// Attestations, which build tools put beside images into an index, have the config of an image and layers that are none.
bool consists_of_layers(const oci::Manifest& manifest) {
    return oci::is_image(manifest) && std::ranges::all_of(manifest.layers, [](const oci::Descriptor& layer) {
        return layer.media_type.find(".image.layer.") != std::string::npos || layer.media_type.find(".image.rootfs.") != std::string::npos;
    });
}

std::unique_ptr<ImageSink> open_sink(storage::Store& store, const json& request, const std::string& source_place, Report& report) {
    const json& destination = request.at("destination");
    if (oci::Fields(destination, "the request: destination").text("transport") == "artifact") return make_artifact_sink(store, destination, report);
    return make_sink(request, {source_place}, report);
}

class ImageCopy {
public:
    ImageCopy(storage::Store& store, std::unique_ptr<ImageSource> source, const json& request, Report& report)
        : store_(store), report_(report), wishes_(parse_wishes(request)), wanted_(parse_wanted_platform(request)),
          source_(std::move(source)), sink_(open_sink(store, request, source_->place(), report)),
          names_(oci::Fields(request, "the request").texts("names").value_or(std::vector<std::string>{})),
          images_(oci::Fields(request, "the request").text("images")) {
        if (const std::string digest = oci::Fields(request, "the request").text("expected"); !digest.empty()) expected_ = digest;
        wishes_.preserve = wishes_.preserve || expected_;
    }

    json run() {
        const RawManifest root = source_->root();
        const bool one = images_ == "one";
        const RawManifest from = one ? choose_manifest(root, wanted_.value_or(oci::host_platform()), fetch_, oci::Content::any).raw : root;
        const FinishedManifest copied = one ? copy_one(from, Role::whole) : copy(from, Role::whole, 0);
        sink_->finish();
        return {{"digest", copied.digest.str()}, {"size", copied.json.size()}, {"media_type", copied.media_type},
                {"changed", copied.digest != from.digest}, {"packings", packings_}};
    }

private:
    /// What is copied to a digest must have it, and keeps it.
    void check_expected(const oci::Digest& digest) const {
        if (expected_ && *expected_ != digest.str()) throw Error("it is ", digest.str(), ", which cannot be at ", *expected_);
    }

    FinishedManifest copy_one(const RawManifest& raw, Role role) {
        if (role == Role::whole) check_expected(raw.digest);
        const oci::Manifest manifest = oci::parse_manifest(raw.body, raw.media_type, oci::Content::any);
        const std::string config = source_->read_blob(manifest.config, config_limit);
        const bool has_layers = consists_of_layers(manifest);
        if (wanted_ && role == Role::whole && has_layers) check_platform(oci::parse_image_config(config), wanted_);
        if (!has_layers && (wishes_.changes_format(manifest) || !sink_->takes_indexes()))
            throw Error(raw.digest.str(), " is an artifact, not a container image: it can be copied as it is only, and not into a docker-archive");
        const std::vector<oci::Descriptor> layers = copy_layers(manifest, !has_layers || !wishes_.change(manifest));
        if (has_layers) packings_.merge(packings_of(layers));
        const OriginalImage original{manifest, raw.body, config, role == Role::whole ? names_ : std::vector<std::string>{}};
        FinishedImage finished = finish_image(original, wishes_, layers);
        sink_->put_image(finished, role);
        return finished.manifest;
    }

    FinishedManifest copy(const RawManifest& raw, Role role, int depth) {
        const oci::ManifestOrIndex document = oci::parse_manifest_or_index(raw.body, raw.media_type, oci::Content::any);
        if (const auto* index = std::get_if<oci::Index>(&document)) return copy_index(raw, *index, role, depth);
        return copy_one(raw, role);
    }

    /// Everything in it, then itself, rewritten where an image has become another.
    FinishedManifest copy_index(const RawManifest& raw, const oci::Index& index, Role role, int depth) {
        if (depth == deepest_index) throw Error("more than ", deepest_index, " indexes within each other");
        if (!sink_->takes_indexes()) throw Error("docker-archive: has room for images of one platform only: leave --all out");
        if (role == Role::whole) check_expected(raw.digest);
        json document = oci::parse_json_text(raw.body, "index");
        FinishedManifest finished{raw.body, index.media_type, raw.digest, role == Role::whole ? names_ : std::vector<std::string>{}};
        if (!wishes_.format.empty()) finished.media_type = wishes_.format == "v2s2" ? oci::media_type::docker_list : oci::media_type::oci_index;
        bool changed = finished.media_type != index.media_type;
        for (std::size_t i = 0; images_ == "all" && i < index.manifests.size(); ++i) {
            const FinishedManifest image = copy(fetch_entry(index.manifests[i], fetch_), Role::member, depth + 1);
            if (image.digest == index.manifests[i].digest) continue;
            json& entry = document["manifests"][i];
            entry["digest"] = image.digest.str();
            entry["size"] = image.json.size();
            entry["mediaType"] = image.media_type;
            changed = true;
        }
        if (changed) {
            if (images_ != "all") throw Error("a list becomes another format only together with its images: --all");
            if (wishes_.preserve) throw Error("the digest ", raw.digest.str(), " cannot be kept, since the list's format would be another");
            document["mediaType"] = finished.media_type;
            finished.json = document.dump();
            finished.digest = oci::Digest::parse(storage::sha256_digest(finished.json));
        }
        sink_->put_index(finished, role);
        return finished;
    }

    static void check_platform(const oci::ImageConfig& config, const std::optional<oci::Platform>& wanted) {
        if (wanted && oci::platform_match(*wanted, config.platform) == 0)
            throw Error("the image is for ", oci::printable(config.platform.str()), ", not for ", wanted->str());
    }

    /// Equal ones once.
    std::vector<oci::Descriptor> copy_layers(const oci::Manifest& manifest, bool moves_only) {
        std::map<oci::Digest, std::vector<std::size_t>> equal;
        for (std::size_t i = 0; i < manifest.layers.size(); ++i) equal[manifest.layers[i].digest].push_back(i);
        std::vector<const std::vector<std::size_t>*> jobs;
        for (const auto& [digest, indices] : equal) jobs.push_back(&indices);
        std::vector<oci::Descriptor> layers = manifest.layers;
        const bool docker = wishes_.is_docker(manifest);
        run_parallel(jobs.size(), [&](std::size_t job) {
            const oci::Descriptor& layer = manifest.layers[jobs[job]->front()];
            const oci::Descriptor there = moves_only ? move(layer) : convert(layer, docker);
            for (const std::size_t i : *jobs[job]) {
                layers[i].media_type = there.media_type;
                layers[i].digest = there.digest;
                layers[i].size = there.size;
                if (there.digest != layer.digest) layers[i].annotations.clear(); // they may be about the bytes, as zstd:chunked's are
            }
        });
        return layers;
    }

    bool is_there(const oci::Descriptor& blob) {
        const std::string place = source_->place();
        const bool there = sink_->has_blob(blob.digest) || (!place.empty() && sink_->try_mount(blob.digest, place));
        if (there) report_.layer(blob.digest.str(), LayerState::exists, blob.size, blob.size);
        return there;
    }

    oci::Descriptor move(const oci::Descriptor& blob) {
        const std::string name = blob.digest.str();
        if (blob.media_type.find("foreign") != std::string::npos || blob.media_type.find("nondistributable") != std::string::npos)
            (void)oci::layer_compression(blob); // throws: it is at no registry
        report_.layer(name, LayerState::waiting, 0, blob.size);
        if (is_there(blob)) return blob;
        sink_->put_blob(blob.digest, blob.size, [&](std::uint64_t offset) -> std::unique_ptr<storage::ByteSource> {
            auto source = source_->open_blob(blob, offset);
            if (offset == 0) source = verified(std::move(source), blob);
            return std::make_unique<ToldSource>(
                std::move(source), [this, name, size = blob.size](std::uint64_t done) { report_.layer(name, LayerState::uploading, done, size); }, offset);
        });
        report_.layer(name, LayerState::done, blob.size, blob.size);
        return blob;
    }

    oci::Descriptor convert(const oci::Descriptor& layer, bool docker) {
        const Packing before = packing_of(layer);
        const Packing wanted = wishes_.packing_for(before, wishes_.fallback.value_or(Packing::none));
        oci::Descriptor there = layer;
        if (wishes_.keeps(before, wanted)) there = move(layer);
        else pack(layer, wanted, there);
        there.media_type = layer_type(wanted, docker);
        return there;
    }

    void pack(const oci::Descriptor& layer, Packing wanted, oci::Descriptor& there) {
        const std::string name = layer.digest.str();
        report_.layer(name, LayerState::waiting, 0, layer.size);
        const auto packed = verified(source_->open_blob(layer, 0), layer);
        const auto plain = storage::open_decompressed(*packed);
        const auto again = storage::open_compressed(*plain, wanted, wishes_.level);
        const storage::Spool spool(*again, store_.path("tmp"), [&](std::uint64_t size) { report_.layer(name, LayerState::packing, size, 0); });
        there.digest = oci::Digest::parse(spool.digest());
        there.size = spool.size();
        if (is_there(there)) return;
        sink_->put_blob(there.digest, there.size, [&](std::uint64_t offset) { return spool.open(offset); });
        report_.layer(name, LayerState::done, there.size, there.size);
    }

    storage::Store& store_;
    Report& report_;
    Wishes wishes_;
    const std::optional<oci::Platform> wanted_;
    const std::unique_ptr<ImageSource> source_;
    const FetchManifest fetch_ = [this](const oci::Descriptor& entry) { return source_->manifest(entry); };
    const std::unique_ptr<ImageSink> sink_;
    const std::vector<std::string> names_;
    const std::string images_;
    std::optional<std::string> expected_;
    std::set<std::string> packings_;
};

} // namespace

json copy_image(storage::Store& store, const json& request, Report& report) {
    return ImageCopy(store, make_source(request.at("source"), worker_second_fd, store.path("tmp"), report), request, report).run();
}

json copy_fetched_image(storage::Store& store, Fetcher& fetcher, const json& request, Report& report) {
    return ImageCopy(store, make_fetched_source(fetcher, request.at("source")), request, report).run();
}

} // namespace lib::worker
