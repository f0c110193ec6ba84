// See storage/artifacts.h.
#include "storage/artifacts.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/record.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace storage {
namespace {

using nlohmann::json;

constexpr std::size_t longest_file = 255 - 17; ///< bytes; write_atomic appends some

/// The record's file. Throws Error for what is no name of an artifact.
std::string file_of(const std::string& name) {
    const auto at = name.find('@');
    std::string file = escape_name(at == std::string::npos ? name : name.substr(0, at) + ":x");
    if (at != std::string::npos) file = cat(file.substr(0, file.size() - 2), "@", digest_hex(name.substr(at + 1)));
    file += ".json";
    if (file.size() > longest_file) throw Error("artifact name too long: ", name.substr(0, 100), "…");
    return "artifacts/names/" + file;
}

std::string format(const Artifact& artifact) {
    const json document{{"version", 1},           {"name", artifact.name}, {"manifest", artifact.manifest_digest},
                        {"blobs", artifact.blobs}, {"size", artifact.size}, {"source", artifact.source}};
    return document.dump(1) + "\n";
}

Artifact parse(const std::string& text, const std::string& where) {
    try {
        const json document = json::parse(text);
        if (document.at("version").get<int>() != 1) throw Error(where, ": written by a newer ctl");
        return {document.at("name").get<std::string>(), document.at("manifest").get<std::string>(), document.at("blobs").get<std::vector<std::string>>(),
                document.at("size").get<std::int64_t>(), document.at("source").get<std::string>(), {}};
    } catch (const json::exception& e) {
        throw Error(where, ": not as expected: ", e.what());
    }
}

bool is_record(const std::string& file_name) { return file_name.ends_with(".json"); }

} // namespace

void Artifacts::ensure() const {
    store_.ensure();
    for (const char* dir : {"artifacts", "artifacts/blobs", "artifacts/names"}) sys::ensure_dir(store_.path(dir), 0700);
}

std::string Artifacts::blob_path(const std::string& digest) const { return store_.path("artifacts/blobs/" + digest_hex(digest)); }

bool Artifacts::has_blob(const std::string& digest) const { return sys::find_stat_at(AT_FDCWD, blob_path(digest)).has_value(); }

std::optional<Artifact> Artifacts::find(const std::string& name) const {
    const std::string file = store_.path(file_of(name));
    const auto text = files::find(file);
    if (!text) return std::nullopt;
    Artifact artifact = parse(*text, file);
    artifact.manifest_json = files::find(blob_path(artifact.manifest_digest)).value_or("");
    return artifact;
}

std::vector<Artifact> Artifacts::list() const {
    std::vector<Artifact> artifacts;
    for (const std::string& file : files::list(AT_FDCWD, store_.path("artifacts/names"))) {
        if (!is_record(file)) continue;
        const std::string path = store_.path("artifacts/names/" + file);
        const auto text = files::find(path);
        if (!text) continue; // removed while we looked
        artifacts.push_back(parse(*text, path));
        artifacts.back().manifest_json = files::find(blob_path(artifacts.back().manifest_digest)).value_or("");
    }
    std::ranges::sort(artifacts, {}, &Artifact::name);
    return artifacts;
}

Lease Artifacts::lease(const std::string& digest) const { return store_.lease_layers(std::vector{digest}); }

void Artifacts::publish_file(const std::string& digest, const std::string& from) {
    sys::fsync(sys::open(from, O_RDONLY | O_NOFOLLOW).get(), from);
    sys::rename_at(AT_FDCWD, from, AT_FDCWD, blob_path(digest));
    sync_blobs();
}

void Artifacts::publish_unnamed(const std::string& digest, int fd) {
    sys::fsync(fd, "a new blob");
    const std::string unnamed = cat("/proc/self/fd/", fd), path = blob_path(digest);
    if (::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST) throw SysError{errno, cat("make ", path)};
    sync_blobs();
}

void Artifacts::publish_text(const std::string& digest, const std::string& text) {
    if (!has_blob(digest)) files::write_atomic(AT_FDCWD, blob_path(digest), text, 0600, files::Durability::synced);
}

void Artifacts::sync_blobs() const { sys::fsync(files::open_dir(store_.path("artifacts/blobs")).get(), "artifacts/blobs"); }

FileLock Artifacts::lock_names() const {
    return FileLock::acquire(AT_FDCWD, store_.path("artifacts.lock"), FileLock::Mode::exclusive);
}

void Artifacts::put(const FileLock&, const Artifact& artifact, Replace replace) {
    const std::string file = store_.path(file_of(artifact.name));
    if (replace == Replace::no && sys::find_stat_at(AT_FDCWD, file)) throw Error("artifact ", artifact.name, " is there already");
    for (const std::string& digest : artifact.blobs)
        if (!has_blob(digest)) throw Error("artifact ", artifact.name, ": its blob ", digest, " is not in the store");
    if (!has_blob(artifact.manifest_digest)) throw Error("artifact ", artifact.name, ": its manifest is not in the store");
    files::write_atomic(AT_FDCWD, file, format(artifact), 0600, files::Durability::synced);
}

bool Artifacts::remove(const std::string& name) {
    const FileLock store_lock = store_.lock_shared();
    const FileLock names_lock = lock_names();
    return sys::unlink_at(AT_FDCWD, store_.path(file_of(name)));
}

void Artifacts::discard_blob(const std::string& digest) { store_.discard("artifacts/blobs/" + digest_hex(digest)); }

std::vector<std::string> parse_artifact_digests(const std::string& text, const std::string& where) {
    Artifact artifact = parse(text, where);
    artifact.blobs.push_back(artifact.manifest_digest);
    return std::move(artifact.blobs);
}

} // namespace storage
