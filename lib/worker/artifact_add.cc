// See lib/worker/artifact_add.h.
#include "lib/worker/artifact_add.h"

#include "base/base64.h"
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
constexpr std::size_t longest_config = 1 << 20; ///< it is in the manifest, too
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

/// Without what may follow a ';'.
std::string bare(std::string type) { return type.substr(0, type.find(';')); }

/// One `artifact add`, or one `manifest add --artifact`.
class Addition {
public:
    Addition(storage::Store& store, const json& request, Report& report)
        : store_(store), artifacts_(store), report_(report), fields_(request, "the request"), name_(fields_.required_text("name")),
          mode_(fields_.required_text("mode")), socket_(worker_extra_fd) {
        artifacts_.ensure();
    }

    json run() {
        (void)load_before(); // refused before anything is read, where it can be
        if (fields_.flag("config")) {
            const UniqueFd fd = receive();
            FdSource file(fd.get());
            config_ = read_config(file);
        }
        json layers = json::array();
        for (const std::string& title : fields_.texts("titles").value_or(std::vector<std::string>{})) {
            layers.push_back(take(title, receive().get()));
        }
        return publish(std::move(layers));
    }

private:
    UniqueFd receive() const {
        UniqueFd file = sys::receive_fd(socket_.get());
        if (!file) throw Error("the request: a file is missing");
        return file;
    }

    static std::string read_config(storage::ByteSource& file) {
        std::string config;
        std::vector<std::byte> chunk(64 << 10);
        while (const std::size_t count = file.read(chunk)) {
            config.append(reinterpret_cast<const char*>(chunk.data()), count);
            if (config.size() > longest_config) throw Error("the artifact's configuration is longer than ", longest_config, " bytes");
        }
        return config;
    }

    bool is_for_list() const { return mode_ == "list"; }

    /// What has the name already.
    std::optional<storage::Artifact> load_before() const {
        if (is_for_list()) return std::nullopt;
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
        json layer{{"mediaType", file_type(title, source.begin())}, {"digest", spool.digest()}, {"size", spool.size()}};
        std::map<std::string, std::string> annotations = fields_.text_map("annotations");
        if (!fields_.flag("untitled")) annotations.emplace(title_key, title);
        if (!annotations.empty()) layer["annotations"] = annotations;
        return layer;
    }

    /// As Podman has them: of an artifact's own files by how they begin, of a list's by the end of the name first.
    std::string file_type(const std::string& title, const std::string& begin) const {
        std::string type = fields_.text("file_type");
        if (type.empty() && is_for_list()) type = oci::content_type_of_name(title);
        if (!type.empty()) return type;
        type = oci::sniff_content_type(begin);
        return is_for_list() ? bare(type) : type;
    }

    json new_manifest() const {
        std::string config_type = fields_.text("config_type");
        if (config_type.empty()) config_type = fields_.flag("config") ? oci::media_type::oci_config : "application/vnd.oci.empty.v1+json";
        json manifest{{"schemaVersion", 2},
                      {"mediaType", oci::media_type::oci_manifest},
                      {"config",
                       {{"mediaType", config_type}, {"digest", storage::sha256_digest(config_)}, {"size", config_.size()}, {"data", base64::encode(config_)}}},
                      {"layers", json::array()}};
        const std::string type = fields_.has("type") ? fields_.text("type") : std::string(unknown_type);
        if (!type.empty()) manifest["artifactType"] = type;
        if (const auto subject = fields_.object("subject")) manifest["subject"] = subject->raw();
        return manifest;
    }

    json publish(json layers) {
        lease(storage::sha256_digest(config_));
        const FileLock store_lock = store_.lock_shared();
        const FileLock names_lock = artifacts_.lock_names();
        const auto before = load_before();
        json manifest = mode_ == "append" ? oci::parse_json_text(before->manifest_json, "manifest") : new_manifest();
        for (json& layer : layers) manifest["layers"].push_back(std::move(layer));
        if (!is_for_list()) check_titles(manifest["layers"]);
        const std::string text = manifest.dump(), digest = storage::sha256_digest(text);
        const oci::Manifest parsed = oci::parse_manifest(text, {}, oci::Content::any); // as it will be read
        storage::Artifact artifact{is_for_list() ? cat(name_, "@", digest) : name_, digest, {parsed.config.digest.str()}, 0, {}, {}};
        for (const oci::Descriptor& layer : parsed.layers) {
            artifact.blobs.push_back(layer.digest.str());
            artifact.size += static_cast<std::int64_t>(layer.size);
        }
        if (mode_ != "append") artifacts_.publish_text(parsed.config.digest.str(), config_);
        artifacts_.publish_text(digest, text);
        artifacts_.put(names_lock, artifact, mode_ == "new" ? storage::Replace::no : storage::Replace::yes);
        return {{"digest", digest}, {"name", artifact.name}};
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
    const UniqueFd socket_;
    std::string config_{empty_config};
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
