// Artifacts: files under a name, held together by an OCI manifest that is of no container image (image-spec, "Guidelines for
// Artifact Usage").
//
//   artifacts/blobs/<hex>              exact bytes of manifests, configs and files, published by rename once their digest is right
//   artifacts/names/<escaped>.json     one name: its manifest, and the blobs which that needs
//
// A directory of their own: nothing of it is ever unpacked, and the blobs are as large as models and disk images are. Readers take no
// lock. A blob lives by the names that need it, and by leases (Store::lease_layers takes digests of either kind): whoever adds one
// leases it first, so that garbage collection between blob and name does not take it. Locks: `lock` shared, then artifacts.lock.
#pragma once

#include "storage/store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storage {

struct Artifact {
    std::string name;               ///< "host/path:tag", or "host/path@sha256:…"
    std::string manifest_digest;    ///< "sha256:…"
    std::vector<std::string> blobs; ///< digests of the config and the files
    std::int64_t size = 0;          ///< bytes of the files
    std::string source;             ///< "host/path@sha256:…" it was pulled as; empty: made here
    std::string manifest_json;      ///< exact bytes
};

enum class Replace { no, yes };

class Artifacts {
public:
    explicit Artifacts(const Store& store) : store_(store) {}

    /// By name. What vanishes while looking is left out; what cannot be read is an Error.
    std::vector<Artifact> list() const;
    std::optional<Artifact> find(const std::string& name) const;

    bool has_blob(const std::string& digest) const;
    /// Absolute.
    std::string blob_path(const std::string& digest) const;

    /// Makes the directories.
    void ensure() const;
    /// A lease on a blob that is there or about to be: taken before it is looked for.
    Lease lease(const std::string& digest) const;
    // Complete content under its digest's name, durably. The caller has a lease, and has verified the digest.
    /// A file that has a name, which it loses.
    void publish_file(const std::string& digest, const std::string& from);
    /// One without (O_TMPFILE).
    void publish_unnamed(const std::string& digest, int fd);
    void publish_text(const std::string& digest, const std::string& text);

    /// Held while a name is looked up and put.
    FileLock lock_names() const;
    /// Publishes the name; `lock` is lock_names(). Throws Error where a blob is missing, or where the name is taken and must not be.
    void put(const FileLock& lock, const Artifact& artifact, Replace replace);
    /// False when there is no such name. Blobs stay until Store::collect_garbage.
    bool remove(const std::string& name);
    /// Moves a damaged blob away, so that it can be fetched again.
    void discard_blob(const std::string& digest);

private:
    void sync_blobs() const;
    const Store& store_;
};

} // namespace storage
