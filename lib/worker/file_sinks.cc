// Directories and archives as places an image is sent to, see lib/worker/image_sink.h.
#include "lib/worker/image_sink.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/oci/manifest.h"
#include "base/sys.h"
#include "storage/tar_writer.h"

#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <mutex>
#include <optional>
#include <set>

namespace lib::worker {
namespace {

using nlohmann::json;

constexpr std::string_view layout_text = R"({"imageLayoutVersion":"1.0.0"})";

void copy_to(storage::ByteSource& source, std::uint64_t size, int fd, const std::string& name) {
    std::vector<std::byte> chunk(256 << 10);
    std::uint64_t written = 0;
    while (const std::size_t count = source.read(chunk)) {
        sys::write_all(fd, std::string_view(reinterpret_cast<const char*>(chunk.data()), count), name);
        written += count;
    }
    if (written != size) throw Error(name, ": has ", written, " bytes instead of ", size);
}

UniqueFd open_new_dir(const std::string& path) {
    sys::ensure_dir(path, 0755);
    return files::open_dir(path);
}

/// Holds the directory itself until it is closed: a layout is no place for a lock file of ours.
UniqueFd lock_dir(int dir) {
    UniqueFd lock = files::open_dir_at(dir, ".");
    while (::flock(lock.get(), LOCK_EX) != 0)
        if (errno != EINTR) throw SysError{errno, "lock the layout"};
    return lock;
}

/// nullopt on a file system that has no such files.
std::optional<UniqueFd> try_open_unnamed(int dir) {
    try {
        return sys::open_at(dir, ".", O_WRONLY | O_TMPFILE, 0644);
    } catch (const SysError& e) {
        if (e.err() != EOPNOTSUPP && e.err() != EISDIR && e.err() != ENOENT) throw;
        return std::nullopt;
    }
}

/// A blob as a file, complete or not there. It has no name before it is complete, so that nobody who is killed leaves a part of it.
void write_blob(int dir, const std::string& name, std::uint64_t size, const registry::OpenBytes& open) {
    if (const auto file = try_open_unnamed(dir)) {
        copy_to(*open(0), size, file->get(), name);
        const std::string unnamed = cat("/proc/self/fd/", file->get());
        if (::linkat(AT_FDCWD, unnamed.c_str(), dir, name.c_str(), AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST) throw SysError{errno, cat("make ", name)};
        return;
    }
    const std::string temporary = cat(name, ".", sys::random_hex(4));
    const UniqueFd file = sys::open_at(dir, temporary, O_WRONLY | O_CREAT | O_EXCL, 0644);
    try {
        copy_to(*open(0), size, file.get(), name);
    } catch (const Error&) {
        sys::unlink_at(dir, temporary);
        throw;
    }
    sys::rename_at(dir, temporary, dir, name);
}

/// Before what names them is written.
void sync_blobs(int dir) {
    if (::syncfs(dir) != 0) throw SysError{errno, "write the blobs to the disk"};
}

registry::OpenBytes open_text(const std::string& text) {
    return [&text](std::uint64_t offset) { return std::make_unique<registry::TextSource>(std::string_view(text).substr(offset)); };
}

/// The entry of index.json for an image under one name (none: an empty one).
json index_entry(const FinishedManifest& manifest, const std::string& name) {
    json entry{{"mediaType", manifest.media_type}, {"digest", manifest.digest.str()}, {"size", manifest.json.size()}};
    if (!name.empty()) entry["annotations"] = {{"org.opencontainers.image.ref.name", name}};
    return entry;
}

void add_entries(json& manifests, const FinishedManifest& manifest) {
    const auto name_of = [](const json& entry) {
        return entry.contains("annotations") ? entry["annotations"].value("org.opencontainers.image.ref.name", "") : std::string();
    };
    std::vector<std::string> names = manifest.names;
    if (names.empty()) names.emplace_back();
    for (const std::string& name : names) {
        json kept = json::array();
        for (const json& entry : manifests)
            if (name_of(entry) != name || (name.empty() && entry["digest"] != manifest.digest.str())) kept.push_back(entry);
        kept.push_back(index_entry(manifest, name));
        manifests = std::move(kept);
    }
}

std::string index_text(const json& manifests) {
    return json{{"schemaVersion", 2}, {"mediaType", oci::media_type::oci_index}, {"manifests", manifests}}.dump();
}

/// Where configs and manifests are files as the layers are.
class ContentSink : public ImageSink {
public:
    void put_image(const FinishedImage& image, Role role) override {
        put_blob(image.config_digest, image.config_json.size(), open_text(image.config_json));
        put_index(image.manifest, role);
    }
};

class OciSink : public ContentSink {
public:
    explicit OciSink(const std::string& path) : dir_(open_new_dir(path)), blobs_(open_new_dir(path + "/blobs/sha256")) {
        files::write_atomic(dir_.get(), "oci-layout", layout_text, 0644, files::Durability::none);
    }
    bool has_blob(const oci::Digest& digest) override { return sys::find_stat_at(blobs_.get(), digest.hex()).has_value(); }
    void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) override {
        write_blob(blobs_.get(), digest.hex(), size, open);
    }
    void put_index(const FinishedManifest& index, Role role) override {
        put_blob(index.digest, index.json.size(), open_text(index.json));
        if (role == Role::member) return;
        sync_blobs(blobs_.get());
        const UniqueFd lock = lock_dir(dir_.get()); // others may add to the layout at the same time
        json manifests = json::array();
        if (const auto text = files::find(dir_.get(), "index.json"))
            manifests = oci::parse_json_text(*text, "index.json").value("manifests", json::array());
        add_entries(manifests, index);
        files::write_atomic(dir_.get(), "index.json", index_text(manifests), 0644, files::Durability::synced);
    }

private:
    UniqueFd dir_;
    UniqueFd blobs_;
};

class DirSink : public ContentSink {
public:
    explicit DirSink(const std::string& path) : dir_(open_new_dir(path)), lock_(lock_dir(dir_.get())) {
        files::write_atomic(dir_.get(), "version", "Directory Transport Version: 1.1\n", 0644, files::Durability::none);
    }
    bool has_blob(const oci::Digest& digest) override { return sys::find_stat_at(dir_.get(), digest.hex()).has_value(); }
    void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) override {
        write_blob(dir_.get(), digest.hex(), size, open);
    }
    void put_index(const FinishedManifest& index, Role role) override {
        if (role == Role::member) return write_blob(dir_.get(), index.digest.hex() + ".manifest.json", index.json.size(), open_text(index.json));
        sync_blobs(dir_.get());
        files::write_atomic(dir_.get(), "manifest.json", index.json, 0644, files::Durability::synced);
    }

private:
    UniqueFd dir_;
    UniqueFd lock_; ///< there is one image in it, so there is one writer
};

/// Members written one after the other, each once.
class TarSink : public ContentSink {
public:
    explicit TarSink(int fd) : fd_(fd) {}

protected:
    void add_member(const std::string& name, std::uint64_t size, const registry::OpenBytes& open) {
        const std::lock_guard lock(mutex_);
        if (!members_.insert(name).second) return;
        storage::TarEntry entry;
        entry.path = name;
        entry.mode = 0444;
        entry.size = size;
        sys::write_all(fd_, storage::tar_header(entry), "the archive");
        copy_to(*open(0), size, fd_, "the archive");
        sys::write_all(fd_, std::string(storage::tar_padding(size), '\0'), "the archive");
    }
    void add_text(const std::string& name, const std::string& text) { add_member(name, text.size(), open_text(text)); }
    bool has_member(const std::string& name) {
        const std::lock_guard lock(mutex_);
        return members_.contains(name);
    }
    void end_archive() { sys::write_all(fd_, storage::tar_end(), "the archive"); }

private:
    int fd_;
    std::mutex mutex_;
    std::set<std::string> members_;
};

class OciArchiveSink : public TarSink {
public:
    using TarSink::TarSink;
    bool has_blob(const oci::Digest& digest) override { return has_member("blobs/sha256/" + digest.hex()); }
    void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) override {
        add_member("blobs/sha256/" + digest.hex(), size, open);
    }
    void put_index(const FinishedManifest& index, Role role) override {
        add_text("blobs/sha256/" + index.digest.hex(), index.json);
        if (role == Role::whole) add_entries(manifests_, index);
    }
    void finish() override {
        add_text("oci-layout", std::string(layout_text));
        add_text("index.json", index_text(manifests_));
        end_archive();
    }

private:
    json manifests_ = json::array();
};

class DockerArchiveSink : public TarSink {
public:
    using TarSink::TarSink;
    bool has_blob(const oci::Digest& digest) override { return has_member(digest.hex() + ".tar"); }
    void put_blob(const oci::Digest& digest, std::uint64_t size, const registry::OpenBytes& open) override {
        add_member(digest.hex() + ".tar", size, open);
    }
    bool takes_indexes() const override { return false; }
    void put_index(const FinishedManifest&, Role) override { throw Error("docker-archive: has room for images of one platform only"); }
    void put_image(const FinishedImage& image, Role) override {
        const std::string config = image.config_digest.hex() + ".json";
        add_text(config, image.config_json);
        json layers = json::array();
        for (const oci::Digest& layer : image.layers) layers.push_back(layer.hex() + ".tar");
        images_.push_back({{"Config", config}, {"RepoTags", image.manifest.names}, {"Layers", std::move(layers)}});
    }
    void finish() override {
        add_text("manifest.json", images_.dump());
        end_archive();
    }

private:
    json images_ = json::array();
};

} // namespace

std::unique_ptr<ImageSink> make_oci_sink(const std::string& path) { return std::make_unique<OciSink>(path); }
std::unique_ptr<ImageSink> make_dir_sink(const std::string& path) { return std::make_unique<DirSink>(path); }
std::unique_ptr<ImageSink> make_oci_archive_sink(int fd) { return std::make_unique<OciArchiveSink>(fd); }
std::unique_ptr<ImageSink> make_docker_archive_sink(int fd) { return std::make_unique<DockerArchiveSink>(fd); }

} // namespace lib::worker
