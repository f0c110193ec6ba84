// Further stores: their images, and their layers as links, see storage/store.h.
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/layer_blobs.h"
#include "storage/record.h"
#include "storage/store.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace storage {
namespace {

constexpr const char* shared_marker = "shared";
constexpr mode_t for_all = 0755;
constexpr const char* shared_directories[] = {"", "blobs", "blobs/sha256", "layers", "images", "refs"};

/// Whether a layer of another store shows the owners it should: another user's does so by attributes only.
bool is_usable(const LayerMeta& meta, const std::string& dir, IdMode mode, const std::string& boot_id) {
    if (meta.damaged || !meta.linked.empty() || (meta.single_id && mode == IdMode::subordinate)) return false;
    if (meta.boot_id != boot_id && !sys::find_stat_at(AT_FDCWD, dir + "/synced")) return false;
    const auto tree = sys::find_stat_at(AT_FDCWD, dir + "/fs");
    return tree && S_ISDIR(tree->st_mode) && (meta.shared || tree->st_uid == ::geteuid()) && ::access((dir + "/index").c_str(), R_OK) == 0;
}

bool is_own_place(const std::string& place) {
    const auto status = sys::find_stat_at(AT_FDCWD, place);
    return status && status->st_uid == ::geteuid();
}

/// One that cannot be read has nothing for us.
template <class Look>
auto look(const Look& look_into) -> decltype(look_into()) {
    try {
        return look_into();
    } catch (const Error&) {
        return {};
    }
}

void sync_dir(const std::string& dir) { sys::fsync(files::open_dir(dir).get(), dir); }

} // namespace

std::vector<Store> Store::further_stores() const {
    std::vector<Store> stores;
    for (const std::string& root : further_) stores.push_back(Store(root, boot_id_));
    return stores;
}

std::vector<Image> Store::images() const {
    std::vector<Image> all = own_images();
    for (const Store& further : further_stores())
        for (Image& image : look([&] { return further.own_images(); })) {
            image.store = further.dir();
            // A name of ours means ours.
            std::erase_if(image.names, [&](const std::string& name) {
                return std::ranges::any_of(all, [&](const Image& other) { return std::ranges::count(other.names, name) != 0; });
            });
            const bool is_known = std::ranges::find(all, image.id, &Image::id) != all.end();
            if (!is_known || !image.names.empty()) all.push_back(std::move(image));
        }
    return all;
}

std::optional<Image> Store::find_by_reference(const std::string& reference) const {
    if (auto image = find_own(reference)) return image;
    for (const Store& further : further_stores())
        if (auto image = look([&] { return further.find_own(reference); })) {
            image->store = further.dir();
            return image;
        }
    return std::nullopt;
}

void Store::require_own(const Image& image) {
    if (image.store.empty()) return;
    throw Error("image ", image.names.empty() ? image.id : image.names.front(), " is in the store ", image.store,
                ", which is only read: who owns it can remove it there (ctl --root ", image.store, " rmi …)");
}

/// The image as one of this store's own, so that it can have names here.
Image Store::adopt(const Image& image) {
    if (!is_own_place(image.store)) // nobody here has compared what it says with its digests
        throw Error("image ", image.names.empty() ? image.id : image.names.front(), " is in the store ", image.store,
                    " of another user: it cannot have names here; pull or load it");
    const Lease lease = lease_layers(image.diff_ids);
    for (const std::string& diff_id : image.diff_ids)
        if (!has_layer(diff_id, IdMode::subordinate)) throw Error("image ", image.id, ": its layer ", diff_id, " cannot be used from ", image.store);
    return add_image({image.id, image.config_json, image.manifest_digest, image.manifest_json, {}, image.repo_digests});
}

/// A directory of this store whose tree and index are the other's. The lease on it, if any, is the caller's.
bool Store::link_layer(const std::string& diff_id, IdMode mode, Whose whose) const {
    const std::string hex = digest_hex(diff_id);
    for (const std::string& root : further_) {
        const std::string source = cat(root, "/layers/", hex);
        auto meta = look([&] { return LayerMeta::find(source); });
        if (!meta || !is_usable(*meta, source, mode, boot_id_)) continue;
        if (whose != Whose::anybodys && !is_own_place(source)) continue;
        if (whose == Whose::ours_to_keep && std::ranges::count(data_roots(), root) != 0) continue;
        ensure();
        meta->linked = source;
        meta->boot_id = boot_id_;
        const FileLock lock = lock_shared();
        const std::string made = path(cat("tmp/layer-", sys::random_hex(8)));
        sys::mkdir_at(AT_FDCWD, made, directory_mode());
        for (const char* name : {"fs", "index"}) sys::symlink_at(cat(source, "/", name), AT_FDCWD, cat(made, "/", name));
        if (const auto blobs = look([&] { return files::find(cat(source, "/", layer_blobs_file)); }); blobs && is_own_place(source))
            files::write_atomic(AT_FDCWD, cat(made, "/", layer_blobs_file), *blobs, file_mode(), files::Durability::none);
        files::write_atomic(AT_FDCWD, made + "/synced", "", file_mode(), files::Durability::none);
        files::write_atomic(AT_FDCWD, made + "/meta.json", meta->format(), file_mode(), files::Durability::synced);
        sync_dir(made);
        if (!sys::try_rename_noreplace(AT_FDCWD, made, AT_FDCWD, path("layers/" + hex))) {
            if (whose == Whose::anybodys && has_own_layer(diff_id, mode)) { // somebody else was quicker
                files::remove_tree(AT_FDCWD, made);
                return true;
            }
            discard("layers/" + hex);
            sys::rename_at(AT_FDCWD, made, AT_FDCWD, path("layers/" + hex));
        }
        sync_dir(path("layers")); // a container that is on record must not be without it after a power cut
        return true;
    }
    return false;
}

bool Store::has_own_layer(const std::string& diff_id, IdMode mode) const {
    const std::string dir = path("layers/" + digest_hex(diff_id));
    const auto meta = LayerMeta::find(dir);
    if (!meta || meta->damaged || (meta->single_id && mode == IdMode::subordinate)) return false;
    if (!meta->linked.empty()) return ::access((dir + "/fs").c_str(), X_OK) == 0; // it may have gone since
    return meta->boot_id == boot_id_ || sys::find_stat_at(AT_FDCWD, dir + "/synced");
}

bool Store::has_layer(const std::string& diff_id, IdMode mode) const {
    return has_own_layer(diff_id, mode) || (!further_.empty() && link_layer(diff_id, mode, Whose::anybodys));
}

bool Store::has_verified_layer(const std::string& diff_id, IdMode mode) const {
    if (has_own_layer(diff_id, mode)) {
        const std::string linked = linked_from(diff_id);
        if (linked.empty() || is_own_place(linked)) return true;
    }
    return !further_.empty() && link_layer(diff_id, mode, Whose::ours);
}

bool Store::has_layer_to_keep(const std::string& diff_id, IdMode mode) const {
    if (!is_lent(diff_id) && has_own_layer(diff_id, mode)) {
        const std::string linked = linked_from(diff_id);
        if (linked.empty() || is_own_place(linked)) return true;
    }
    return !further_.empty() && link_layer(diff_id, mode, Whose::ours_to_keep);
}

UniqueFd Store::open_layer(const std::string& diff_id) const {
    const std::string hex = digest_hex(diff_id), linked = linked_from(diff_id), tail = "/layers/" + hex;
    if (linked.empty()) return files::open_dir(path("layers/" + hex));
    if (!linked.ends_with(tail)) throw Error("layer ", diff_id, ": links to ", linked);
    // Whoever owns that store may put what he likes into its place, but nothing that leads out of it.
    const UniqueFd root = files::open_dir(linked.substr(0, linked.size() - tail.size()));
    UniqueFd layer = files::open_beneath(root.get(), tail.substr(1), O_RDONLY | O_DIRECTORY);
    if (sys::fstat(layer.get(), linked).st_uid != sys::fstat(root.get(), linked).st_uid)
        throw Error("layer ", diff_id, ": ", linked, " does not belong to who owns the store");
    return layer;
}

std::string Store::linked_from(const std::string& diff_id) const {
    const std::string dir = path("layers/" + digest_hex(diff_id));
    if (!sys::find_link_at(AT_FDCWD, dir + "/fs")) return {};
    const auto meta = LayerMeta::find(dir);
    return meta ? meta->linked : "";
}

bool Store::is_shared_layer(const std::string& diff_id) const {
    const std::string dir = path("layers/" + digest_hex(diff_id));
    if (!is_shared() && !sys::find_link_at(AT_FDCWD, dir + "/fs")) return false;
    const auto meta = LayerMeta::find(dir);
    return meta && meta->shared;
}

bool Store::is_shared() const {
    if (!is_shared_) is_shared_ = sys::find_stat_at(AT_FDCWD, path(shared_marker)).has_value();
    return *is_shared_;
}

/// Whatever the umask: what is made later in these is made with the modes it is to have (lib/worker).
void Store::make_shared() const {
    for (const char* directory : shared_directories) {
        sys::ensure_dir(path(directory), for_all);
        if (::chmod(path(directory).c_str(), for_all) != 0) throw SysError{errno, cat("set the mode of ", path(directory))};
    }
    files::write_atomic(AT_FDCWD, path(shared_marker), "", 0644, files::Durability::synced);
    is_shared_ = true;
}

} // namespace storage
