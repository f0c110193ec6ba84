// The content store: images, their names, their layers, and what keeps them alive.
//
// Theory of operation
//
// Aims. Readers (`ps`, `images`, `inspect`, `run` looking up its image) take no lock and write nothing: every object is a
// file or directory published by one rename, and a name that vanishes while we look was removed. A process killed at any
// instruction leaves the old state or the new, plus garbage that reachability finds.
//
// Objects (below the image root, which is the data root unless --imagestore says otherwise, see docs/architecture.md):
//   blobs/sha256/<hex>            exact bytes of manifests and configs
//   layers/<diff-id hex>/         fs/ (the tree), index, meta.json, synced; keyed by diff-id, so independent of parents
//   images/<manifest hex>/image.json   a summary, so that reading an image parses neither manifest nor config
//   refs/<name, '/' as '%'>       symbolic link to ../images/<manifest hex>, replaced by rename
//   leases/<pid>-<random>         flock'd list of diff-ids, or of an artifact's blobs (storage/artifacts.h)
//
// An image id is its config digest. Two manifests may carry one config (Docker and OCI form, two registries): they are
// two records and one image. A record without a name is a dangling `<none>` image.
//
// Locks, in this order. `lock` is taken shared for the instant in which a lease, a blob or an image record is made, and exclusively by
// garbage collection for marking and renaming into trash/; unlinking happens later, unlocked, in the user namespace.
// `images.lock` serialises changes of records and names.
// So whoever holds a lease on a layer that was there afterwards has it for as long as the lease lives.
//
// Durability. A layer is renamed into place as soon as its digest is right, before its files reached the disk. One
// syncfs(2) per pull then puts `synced` into it. Without that marker it is trusted during the boot that wrote it only
// (meta.json's boot_id): after a power cut its files may be empty. Such a layer counts as absent and is pulled again.
//
// Further stores. The data roots of Paths::image_stores are read and never written, so they may be somebody else's. Their images
// are images of this store, too, and a layer of theirs becomes one of this store's by links in place of `fs` and `index`
// (LayerMeta::linked) as soon as it is wanted: leases, garbage collection and mounting need not know. Nothing keeps the other
// store from removing it; then it counts as absent. Another user's layers are of use only in the form of storage/override_stat.h,
// which the file `shared` in a data root asks for.
//
// Containers are in data roots: ours and, of a store that others have for their --imagestore, those that roots/ leads to
// (storage/data_roots.cc). All of them are roots of garbage collection. Where containers are apart, the data root's own images are a
// further store; what is published here does not rest on links into a data root.
//
// Non-aims: no reference counts (they drift), no database, no lock held while something is downloaded or unpacked.
#pragma once

#include "base/lock.h"
#include "base/paths.h"
#include "base/unique_fd.h"
#include "storage/root.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace storage {

struct Image {
    std::string id;                        ///< config digest, "sha256:…"
    std::string manifest_digest;           ///< of the record read; the newest one where there are several
    std::vector<std::string> names;        ///< fully qualified "host/path:tag"; none: a dangling image
    std::vector<std::string> repo_digests; ///< "host/path@sha256:…"
    std::vector<std::string> history;      ///< names it was ever given, the last one first
    std::vector<std::string> diff_ids;     ///< bottom first
    std::int64_t size = 0;                 ///< bytes: unpacked layers and config
    std::string created;                   ///< RFC 3339, as the config says; may be empty
    std::string config_json;               ///< exact bytes
    std::string manifest_json;             ///< exact bytes
    std::string store;                     ///< root of the further store that has it; empty: this one
};

/// What a pull or load hands over; all digests were verified by it.
struct NewImage {
    std::string config_digest;
    std::string config_json;
    std::string manifest_digest;
    std::string manifest_json;
    std::vector<std::string> names;        ///< to be moved to this image; may be empty
    std::vector<std::string> repo_digests; ///< added to those of the record
};

/// Which ids a user namespace has. A layer unpacked with the user's own id alone has lost its owners on disk (they are in
/// its index), so it counts as absent as soon as subordinate ids are there.
enum class IdMode { subordinate, single };

enum class Force { no, yes };

/// What removing did, for `rmi` to print.
struct Removed {
    std::vector<std::string> untagged; ///< names taken away
    std::string deleted;               ///< the image id, if its records went too, else empty
};

/// Whether garbage is collected or only counted.
enum class Sweep { move, look };

/// Whether downloads that nobody goes on with wait a day for being taken up again.
enum class Downloads { kept, dropped };

/// What garbage collection moved to trash/, or would.
struct Garbage {
    std::size_t layers = 0;
    std::size_t blobs = 0;
    std::vector<std::string> layer_names; ///< their directories below layers/
    std::size_t leftovers = 0; ///< unfinished layers, temporary files, dead leases, partial downloads
    std::vector<std::string> paths;   ///< where all of it is, or was
    std::uint64_t kept_downloads = 0; ///< bytes on disk of those that wait for being taken up again
};

/// meta.json of a layer.
struct LayerInfo {
    std::string diff_id;
    std::int64_t size = 0;    ///< bytes of regular files' content, hard links once
    std::int64_t entries = 0; ///< tar entries
};

/// Keeps layers alive while it lives, even against garbage collection by another process. Destruction ends it.
class Lease {
public:
    Lease() = default; ///< on nothing
    Lease(Lease&& other) noexcept : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();
    /// The flock'd descriptor: a forked child that keeps it keeps the lease.
    int fd() const noexcept { return fd_.get(); }

private:
    friend class Store;
    Lease(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    void end() noexcept;
    std::string path_; ///< empty after a move
    UniqueFd fd_;
};

struct OpenLayers {
    std::vector<UniqueFd> fs; ///< O_PATH descriptors of the layers' trees, topmost first
    Lease lease;
};

class Store : public Root {
public:
    /// That of paths.image_root(). Touches nothing: a store that does not exist yet is empty.
    explicit Store(const Paths& paths);

    /// Makes the directories. Everything that writes needs it before; it is cheap when they are there.
    void ensure() const;

    // Reading.

    /// All images by id, newest record first; records of one id are one image. Then those of
    /// further stores, an image that is here as well only by the names that it has not here.
    std::vector<Image> images() const;
    /// Without those.
    std::vector<Image> own_images() const;
    /// An Error for an image that only a further store has: it is not ours to change.
    static void require_own(const Image& image);
    /// Paths below the data root of records of images that are not even JSON. Such an image counts as absent, and is garbage: one
    /// file that the disk has lost must not make all the others useless.
    std::vector<std::string> damaged_records() const;
    /// By "host/path:tag" or "host/path@sha256:…". A tag reads that one record only (`run` must be quick): names and
    /// digests that other records of the same id carry are in images() and find_by_id().
    std::optional<Image> find_by_reference(const std::string& reference) const;
    /// By "sha256:<hex>" or a unique prefix of the hex. An ambiguous prefix is an Error naming the candidates.
    std::optional<Image> find_by_id(const std::string& id) const;

    // Writing.

    /// Publishes manifest, config and record, durably, and moves the names here. Throws Error where a layer is missing.
    Image add_image(const NewImage& image);
    /// Gives the image one more name; another image that had it loses it.
    void tag(const Image& image, const std::string& name);
    /// Takes a name away and nothing else; false when there was no such name.
    bool untag(const std::string& name);
    /// `rmi`: by one of its names (`by_name`; the image goes with its last name) or by id (`by_name` empty). `used_by`:
    /// ids of containers made from it; they, or several names when removing by id, are an Error unless forced.
    /// Layers stay until collect_garbage().
    Removed remove_image(const Image& image, const std::string& by_name, std::span<const std::string> used_by, Force force);

    // Layers.

    /// Present, and trusted by the rules above; one that a further store has is linked.
    bool has_layer(const std::string& diff_id, IdMode mode) const;
    /// The same without what another user's store has and nobody here has verified: what a pull or load need not fetch.
    bool has_verified_layer(const std::string& diff_id, IdMode mode) const;
    /// The same without what is only lent by a data root (--imagestore): others use this store, too.
    bool has_layer_to_keep(const std::string& diff_id, IdMode mode) const;
    std::optional<LayerInfo> find_layer(const std::string& diff_id) const;
    /// Whether the layer's owners are in attributes, which the kernel's overlay does not know.
    bool is_shared_layer(const std::string& diff_id) const;
    /// The layer's directory: of this store, or of the one that has it, into which no link leads. Throws Error where that is gone or is not
    /// its store's owner's any more.
    UniqueFd open_layer(const std::string& diff_id) const;
    /// The directory in another store whose layer this one links to; empty where it is this store's own.
    std::string linked_from(const std::string& diff_id) const;
    /// A layer marked as damaged counts as absent, so that a pull makes it again.
    void set_damaged(const std::string& diff_id, bool damaged);
    /// Those of the image that have to be pulled again, bottom first.
    std::vector<std::string> missing_layers(const Image& image, IdMode mode) const;
    /// A lease on layers that exist or are about to: taken by a pull before it looks which ones are there.
    Lease lease_layers(std::span<const std::string> diff_ids) const;
    /// Opens, leases and checks again. An Error names the image to pull where a layer is missing or not trusted.
    OpenLayers open_layers(const Image& image, IdMode mode);

    // Garbage.

    /// Moves what nothing reaches into trash/. Roots: images, the diff-ids in containers' records, artifacts, live leases. Any process.
    /// `used_trees` is asked, with the store locked, for the trees of maps/ (shift_key) that containers use: the others go too.
    /// Without it, or where it cannot tell, only those go whose layers are gone.
    using UsedTrees = std::function<std::optional<std::set<std::string>>()>;
    Garbage collect_garbage(Sweep sweep = Sweep::move, const UsedTrees& used_trees = {}, Downloads downloads = Downloads::kept);

    // Whose containers use it (storage/data_roots.cc).

    /// Whether the containers are in another directory than the images (--imagestore).
    bool is_apart() const noexcept { return home_ != dir(); }
    struct User {
        std::string root;         ///< the data root
        std::string container_id;
    };
    /// The containers of other data roots than ours that are made from the image, or have it mounted.
    std::vector<User> users_elsewhere(const std::string& image_id) const;
    /// Other data roots than ours that have any container and take their images from here.
    std::vector<std::string> other_roots_in_use() const;
    /// As has_layer, but the layers of `root`, where a container has found its own, are linked as well.
    void take_layers_from(const std::string& root);

    const std::string& boot_id() const noexcept { return boot_id_; }
    /// Whether all users may read its images (storage/override_stat.h), and what such a store's directories and files have.
    bool is_shared() const;
    mode_t directory_mode() const { return is_shared() ? 0755 : 0700; }
    mode_t file_mode() const { return is_shared() ? 0644 : 0600; }

private:
    struct Record;
    explicit Store(const std::string& root, std::string boot_id) : Root(root), boot_id_(std::move(boot_id)), home_(root) {}
    std::vector<Store> further_stores() const;
    std::optional<Image> find_own(const std::string& reference) const;
    Image adopt(const Image& image);
    bool has_own_layer(const std::string& diff_id, IdMode mode) const;
    enum class Whose { ours_to_keep, ours, anybodys };
    bool link_layer(const std::string& diff_id, IdMode mode, Whose whose) const;
    void sign_in() const;
    std::vector<std::string> data_roots() const;
    std::optional<std::vector<std::string>> container_layers() const;
    bool is_lent(const std::string& diff_id) const;
    void make_shared() const;
    std::optional<Record> find_record(const std::string& manifest_hex) const;
    std::vector<Record> records() const;
    Image load(const Record& record) const;
    FileLock lock_images() const;
    void write_record(const Record& record);
    std::string make_link(const std::string& manifest_hex);
    void point_name(const std::string& name, const std::string& manifest_hex);
    struct Collection;
    void collect_layers(Collection& collection, const std::vector<std::string>& leased);
    void collect_blobs(Collection& collection);
    void collect_artifacts(Collection& collection, const std::vector<std::string>& leased);
    void collect_leftovers(Collection& collection);
    void collect_downloads(Collection& collection, Downloads downloads);
    void collect_shifted(Collection& collection, const UsedTrees& used_trees);
    std::vector<std::string> leased_digests(Collection& collection);
    void collect_tmp(Collection& collection, const Root& root);

    std::string boot_id_;
    std::vector<std::string> further_;
    std::string home_; ///< our data root
    bool wants_shared_ = false;
    mutable std::optional<bool> is_shared_;
};

/// The hexadecimal part of "sha256:<64 lower-case hex digits>". Throws Error on anything else: digests become path names.
std::string digest_hex(const std::string& digest);

} // namespace storage
