// See lib/worker/artifact_add.h.
#include "lib/worker/artifact_add.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/content_type.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/manifest.h"
#include "base/sys.h"
#include "lib/image_worker.h"
#include "lib/worker/archive.h"
#include "lib/worker/parallel.h"
#include "storage/artifacts.h"
#include "storage/digest.h"
#include "storage/spool.h"

#include <fcntl.h>

#include <optional>
#include <set>
#include <vector>

namespace lib::worker {
namespace {

using nlohmann::json;

constexpr const char* title_key = "org.opencontainers.image.title";
constexpr std::string_view empty_config = "{}";
/// What ORAS, too, calls what nobody has called anything: a manifest with an empty config must have a type (image-spec, manifest.md).
constexpr std::string_view unknown_type = "application/vnd.unknown.artifact.v1";

/// Passes a source on and remembers how it begins.
class BeginSource : public storage::ByteSource {
public:
    explicit BeginSource(storage::ByteSource& source) : source_(source) {}
    std::size_t read(std::span<std::byte> into) override {
        const std::size_t count = source_.read(into);
        const std::size_t wanted = std::min(count, oci::sniffed_bytes - begin_.size());
        begin_.append(reinterpret_cast<const char*>(into.data()), wanted);
        return count;
    }
    const std::string& begin() const noexcept { return begin_; }

private:
    storage::ByteSource& source_;
    std::string begin_;
};

/// One `artifact add`.
class Addition {
public:
    Addition(storage::Store& store, const json& request, Report& report)
        : store_(store), artifacts_(store), report_(report), fields_(request, "the request"), name_(fields_.required_text("name")),
          mode_(fields_.required_text("mode")) {
        artifacts_.ensure();
    }

    json run() {
        (void)load_before(); // refused before anything is read, where it can be
        const UniqueFd socket(worker_extra_fd);
        json layers = json::array();
        for (const std::string& title : fields_.texts("titles").value_or(std::vector<std::string>{})) {
            const UniqueFd file = sys::receive_fd(socket.get());
            if (!file) throw Error("the request: a file is missing");
            layers.push_back(take(title, file.get()));
        }
        return {{"digest", publish(std::move(layers))}};
    }

private:
    /// What has the name already.
    std::optional<storage::Artifact> load_before() const {
        auto before = artifacts_.find(name_);
        if (mode_ == "append" && !before) throw Error("no artifact with the name ", name_, " found: without --append it is made");
        if (mode_ == "new" && before) throw Error("artifact ", name_, " is there already: --append adds to it, --replace takes its place");
        return before;
    }

    void lease(const std::string& digest) { leases_.push_back(artifacts_.lease(digest)); }

    /// The file's content into the store; its descriptor.
    json take(const std::string& title, int fd) {
        FdSource file(fd);
        BeginSource source(file);
        const storage::Spool spool(source, store_.path("tmp"), [&](std::uint64_t done) { report_.layer(title, LayerState::packing, done, done); });
        lease(spool.digest());
        if (!artifacts_.has_blob(spool.digest())) artifacts_.publish_unnamed(spool.digest(), spool.fd());
        report_.layer(title, LayerState::done, spool.size(), spool.size());
        std::string type = fields_.text("file_type");
        if (type.empty()) type = oci::sniff_content_type(source.begin());
        std::map<std::string, std::string> annotations = fields_.text_map("annotations");
        annotations.emplace(title_key, title);
        return {{"mediaType", type}, {"digest", spool.digest()}, {"size", spool.size()}, {"annotations", annotations}};
    }

    json new_manifest() const {
        std::string type = fields_.text("type");
        if (type.empty()) type = unknown_type;
        return {{"schemaVersion", 2},
                {"mediaType", oci::media_type::oci_manifest},
                {"artifactType", type},
                {"config",
                 {{"mediaType", "application/vnd.oci.empty.v1+json"}, {"digest", storage::sha256_digest(empty_config)}, {"size", empty_config.size()}, {"data", "e30="}}},
                {"layers", json::array()}};
    }

    std::string publish(json layers) {
        lease(storage::sha256_digest(empty_config));
        const FileLock store_lock = store_.lock_shared();
        const FileLock names_lock = artifacts_.lock_names();
        const auto before = load_before();
        json manifest = mode_ == "append" ? oci::parse_json_text(before->manifest_json, "manifest") : new_manifest();
        for (json& layer : layers) manifest["layers"].push_back(std::move(layer));
        check_titles(manifest["layers"]);
        const std::string text = manifest.dump(), digest = storage::sha256_digest(text);
        const oci::Manifest parsed = oci::parse_manifest(text, {}, oci::Content::any); // as it will be read
        storage::Artifact artifact{name_, digest, {parsed.config.digest.str()}, 0, {}, {}};
        for (const oci::Descriptor& layer : parsed.layers) {
            artifact.blobs.push_back(layer.digest.str());
            artifact.size += static_cast<std::int64_t>(layer.size);
        }
        if (mode_ != "append") artifacts_.publish_text(parsed.config.digest.str(), std::string(empty_config));
        artifacts_.publish_text(digest, text);
        artifacts_.put(names_lock, artifact, mode_ == "new" ? storage::Replace::no : storage::Replace::yes);
        return digest;
    }

    static void check_titles(const json& layers) {
        std::set<std::string> titles;
        for (const json& layer : layers) {
            const std::string title = layer.value("annotations", json::object()).value(title_key, "");
            if (!title.empty() && !titles.insert(title).second) throw Error("two files would have the title \"", oci::printable(title), "\" in the artifact");
        }
    }

    storage::Store& store_;
    storage::Artifacts artifacts_;
    Report& report_;
    const oci::Fields fields_;
    const std::string name_;
    const std::string mode_;
    std::vector<storage::Lease> leases_;
};

} // namespace

json add_artifact(storage::Store& store, const json& request, Report& report) { return Addition(store, request, report).run(); }

json check_blobs(storage::Store& store, const json& request, Report&) {
    const storage::Artifacts artifacts(store);
    const std::vector<std::string> blobs = oci::Fields(request, "the request").texts("blobs").value_or(std::vector<std::string>{});
    std::vector<char> is_wrong(blobs.size(), 0); // one for each thread's own
    run_parallel(blobs.size(), [&](std::size_t i) {
        const UniqueFd fd = sys::open(artifacts.blob_path(blobs[i]), O_RDONLY | O_NOFOLLOW);
        FdSource source(fd.get());
        storage::Sha256 sha;
        std::vector<std::byte> chunk(256 << 10);
        while (const std::size_t count = source.read(chunk)) sha.update(std::span(chunk).first(count));
        is_wrong[i] = sha.finish_digest() != blobs[i];
    });
    json damaged = json::array();
    for (std::size_t i = 0; i < blobs.size(); ++i)
        if (is_wrong[i] != 0) damaged.push_back(blobs[i]);
    return {{"damaged", damaged}};
}

} // namespace lib::worker
