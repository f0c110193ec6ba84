// Our own store as the place that an artifact is sent to: `artifact pull`. See lib/worker/image_sink.h.
//
// A blob arrives in partial/<hex>, as a layer's does, and gets its name in artifacts/blobs/ once its digest is right. So a pull that was
// killed goes on where it stopped, and blobs that were complete stay, whatever happens to the others.
#include "lib/worker/image_sink.h"

#include "base/error.h"
#include "base/oci/json_fields.h"
#include "base/sys.h"
#include "lib/worker/partial.h"
#include "storage/artifacts.h"
#include "storage/digest.h"
#include "storage/disk.h"

#include <unistd.h>

#include <cerrno>
#include <mutex>

namespace lib::worker {
namespace {

std::size_t read_at(int fd, std::span<std::byte> into, std::uint64_t offset) {
    ssize_t count = 0;
    do count = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    while (count < 0 && errno == EINTR);
    if (count < 0) throw SysError{errno, "read partial download"};
    return static_cast<std::size_t>(count);
}

class ArtifactSink : public ImageSink {
public:
    ArtifactSink(storage::Store& store, const oci::Fields& destination, Report& report)
        : store_(store), artifacts_(store), report_(report), name_(destination.required_text("name")), source_(destination.required_text("source")) {
        artifacts_.ensure();
    }

    bool has_blob(const oci::Digest& digest) override {
        lease(digest);
        return artifacts_.has_blob(digest.str());
    }

    void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) override {
        lease(digest);
        const UniqueFd dir = open_partial_dir(store_);
        const FileLock file = lock_partial(dir.get(), digest, report_);
        if (artifacts_.has_blob(digest.str())) { // the process that we have waited for has put it there
            sys::unlink_at(dir.get(), digest.hex());
            return;
        }
        const std::uint64_t kept = kept_bytes(file.fd(), size);
        storage::check_room(store_.path("partial"), size - kept);
        if (!try_complete(file.fd(), digest, kept, size, open)) {
            if (::ftruncate(file.fd(), 0) != 0) throw SysError{errno, "truncate partial download"};
            // Bytes of an earlier pull that nobody has verified may be what is wrong (a power cut can leave zeros).
            if (kept == 0 || !try_complete(file.fd(), digest, 0, size, open)) throw Error("blob ", digest.str(), ": content with another digest was sent");
        }
        artifacts_.publish_file(digest.str(), store_.path("partial/" + digest.hex()));
    }

    void put_image(const FinishedImage& image, Role) override {
        lease(image.config_digest);
        lease(image.manifest.digest);
        artifacts_.publish_text(image.config_digest.str(), image.config_json);
        artifacts_.publish_text(image.manifest.digest.str(), image.manifest.json);
        const oci::Manifest manifest = oci::parse_manifest(image.manifest.json, image.manifest.media_type, oci::Content::any);
        storage::Artifact artifact{name_, image.manifest.digest.str(), {image.config_digest.str()}, 0, cat(source_, "@", image.manifest.digest.str()), {}};
        for (const oci::Descriptor& layer : manifest.layers) {
            artifact.blobs.push_back(layer.digest.str());
            artifact.size += static_cast<std::int64_t>(layer.size);
        }
        const FileLock store_lock = store_.lock_shared();
        artifacts_.put(artifacts_.lock_names(), artifact, storage::Replace::yes);
    }

    void put_index(const FinishedManifest&, Role) override { throw Error("an artifact here is one manifest, not an index"); }

private:
    void lease(const oci::Digest& digest) {
        const std::lock_guard lock(mutex_);
        leases_.push_back(artifacts_.lease(digest.str()));
    }

    /// Hashes what is there, and appends the rest. False where the whole has another digest.
    static bool try_complete(int fd, const oci::Digest& digest, std::uint64_t kept, std::uint64_t size, const registry::OpenBytes& open) {
        storage::Sha256 sha;
        std::vector<std::byte> chunk(256 << 10);
        std::uint64_t position = 0;
        const auto take = [&](std::size_t count) {
            sha.update(std::span(chunk).first(count));
            position += count;
        };
        while (position < kept) {
            const std::size_t count = read_at(fd, std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), kept - position)), position);
            if (count == 0) throw Error("partial download: shrank while it was read");
            take(count);
        }
        const auto rest = open(kept);
        while (const std::size_t count = rest->read(chunk)) {
            if (count > size - position) throw Error("blob ", digest.str(), ": longer than the ", size, " bytes announced");
            write_at(fd, std::span(chunk).first(count), position);
            take(count);
        }
        return sha.finish_digest() == digest.str();
    }

    storage::Store& store_;
    storage::Artifacts artifacts_;
    Report& report_;
    const std::string name_;
    const std::string source_;
    std::mutex mutex_; ///< guards what follows
    std::vector<storage::Lease> leases_;
};

} // namespace

std::unique_ptr<ImageSink> make_artifact_sink(storage::Store& store, const nlohmann::json& destination, Report& report) {
    return std::make_unique<ArtifactSink>(store, oci::Fields(destination, "the request: destination"), report);
}

} // namespace lib::worker
