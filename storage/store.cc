// Images and their names, see storage/store.h.
#include "storage/store.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/disk.h"
#include "storage/record.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

namespace storage {
namespace {

constexpr const char* directories[] = {"blobs/sha256", "partial", "layers", "images", "refs", "leases"};

/// The manifest a link in refs/ points to; nullopt when it is gone or no link of ours.
std::optional<std::string> manifest_of_ref(const std::string& link) {
    constexpr std::string_view prefix = "../images/";
    const auto target = sys::find_link_at(AT_FDCWD, link);
    if (!target || !target->starts_with(prefix)) return std::nullopt;
    return target->substr(prefix.size());
}

/// All names by the manifest they stand for.
std::map<std::string, std::vector<std::string>> names_by_manifest(const std::string& refs_dir) {
    std::map<std::string, std::vector<std::string>> names;
    for (const std::string& entry : files::list(AT_FDCWD, refs_dir))
        if (const auto manifest = manifest_of_ref(refs_dir + "/" + entry)) names[*manifest].push_back(unescape_name(entry));
    for (auto& [manifest, list] : names) std::sort(list.begin(), list.end());
    return names;
}

void add_missing(std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const std::string& item : from)
        if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
}

void write_blob(const std::string& blob_path, const std::string& content, mode_t mode) {
    if (sys::find_stat_at(AT_FDCWD, blob_path)) return;
    files::write_atomic(AT_FDCWD, blob_path, content, mode, files::Durability::synced);
}

} // namespace

void spread_children(const std::string& dir) {
    const UniqueFd fd = files::open_dir(dir);
    int flags = 0;
    if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_TOPDIR_FL) != 0) return;
    flags |= FS_TOPDIR_FL;
    if (::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) != 0) return;
}

Store::Store(const Paths& paths)
    : Root(paths.image_root()), boot_id_(paths.boot_id), further_(paths.image_stores), home_(paths.data), wants_shared_(paths.shares_images) {}

void Store::ensure() const {
    const bool is_new = !sys::find_stat_at(AT_FDCWD, path("layers"));
    Root::ensure();
    if (is_new && wants_shared_) make_shared();
    if (wants_shared_ && !is_shared())
        throw Error(dir(), " was not made to be shared, and what it has cannot be any more: force_mask=shared is for a new store (--root)");
    for (const char* dir : directories) sys::ensure_dir(path(dir), 0700);
    spread_children(path("layers"));
    if (is_apart()) sign_in();
}

std::optional<Store::Record> Store::find_record(const std::string& manifest_hex) const {
    const auto text = files::find(path(cat("images/", manifest_hex, "/image.json")));
    if (!text || !is_document(*text)) return std::nullopt;
    return Record::parse(manifest_hex, *text);
}

std::vector<std::string> Store::damaged_records() const {
    std::vector<std::string> damaged;
    for (const std::string& name : files::list(AT_FDCWD, path("images"))) {
        const std::string record = cat("images/", name, "/image.json");
        if (const auto text = files::find(path(record)); text && !is_document(*text)) damaged.push_back(record);
    }
    return damaged;
}

std::vector<Store::Record> Store::records() const {
    std::vector<Record> all;
    for (const std::string& name : files::list(AT_FDCWD, path("images")))
        if (auto record = find_record(name)) all.push_back(std::move(*record));
    std::sort(all.begin(), all.end(), [](const Record& a, const Record& b) { return a.added > b.added; });
    return all;
}

/// The blobs are read last: one that is missing means that the image is being removed, and shows as empty text.
Image Store::load(const Record& record) const {
    Image image;
    image.id = record.id;
    image.manifest_digest = "sha256:" + record.manifest_hex;
    image.repo_digests = record.repo_digests;
    image.history = record.history;
    image.diff_ids = record.diff_ids;
    image.size = record.size;
    image.created = record.created;
    image.config_json = files::find(path("blobs/sha256/" + digest_hex(record.id))).value_or("");
    image.manifest_json = files::find(path("blobs/sha256/" + record.manifest_hex)).value_or("");
    return image;
}

std::vector<Image> Store::own_images() const {
    const auto names = names_by_manifest(path("refs"));
    std::vector<Image> all;
    for (const Record& record : records()) {
        auto image = std::find_if(all.begin(), all.end(), [&](const Image& i) { return i.id == record.id; });
        if (image == all.end()) {
            all.push_back(load(record));
            if (all.back().config_json.empty()) {
                all.pop_back(); // removed while we looked
                continue;
            }
            image = all.end() - 1;
        }
        add_missing(image->repo_digests, record.repo_digests);
        add_missing(image->history, record.history);
        if (const auto found = names.find(record.manifest_hex); found != names.end()) add_missing(image->names, found->second);
    }
    for (Image& image : all) add_missing(image.history, image.names); // of a record that was written before there was a history
    return all;
}

std::optional<Image> Store::find_own(const std::string& reference) const {
    if (reference.find('@') != std::string::npos) {
        for (Image& image : own_images())
            if (std::find(image.repo_digests.begin(), image.repo_digests.end(), reference) != image.repo_digests.end())
                return std::move(image);
        return std::nullopt;
    }
    const auto manifest = manifest_of_ref(path("refs/" + escape_name(reference)));
    if (!manifest) return std::nullopt;
    const auto record = find_record(*manifest);
    if (!record) return std::nullopt;
    Image image = load(*record);
    if (image.config_json.empty()) return std::nullopt;
    image.names = names_by_manifest(path("refs"))[*manifest];
    add_missing(image.history, image.names);
    return image;
}

std::optional<Image> Store::find_by_id(const std::string& id) const {
    const std::string prefix = id.starts_with("sha256:") ? id : "sha256:" + id;
    if (prefix.size() == std::string_view("sha256:").size()) return std::nullopt;
    std::vector<Image> matches = images();
    std::set<std::string> seen; // of one that several stores have, the first
    std::erase_if(matches, [&](const Image& image) { return !image.id.starts_with(prefix) || !seen.insert(image.id).second; });
    if (matches.empty()) return std::nullopt;
    if (matches.size() == 1) return std::move(matches[0]);
    std::string candidates;
    for (const Image& image : matches)
        candidates += cat(candidates.empty() ? "" : ", ", image.id.substr(7, 16),
                          image.names.empty() ? "" : " (" + image.names[0] + ")");
    throw Error("image id ", id, " is ambiguous: ", candidates);
}

/// Made as a whole directory; where the record exists already its digests are joined.
void Store::write_record(const Record& record) {
    const std::string dir = path("images/" + record.manifest_hex);
    Record merged = record;
    if (const auto existing = find_record(record.manifest_hex)) {
        add_missing(merged.repo_digests, existing->repo_digests);
        merged.history = existing->history;
        for (const std::string& name : std::views::reverse(record.history)) merged.remember(name);
        merged.unknown = existing->unknown;
        files::write_atomic(AT_FDCWD, dir + "/image.json", merged.format(), file_mode(), files::Durability::synced);
        return;
    }
    const std::string made = path("tmp/image-" + sys::random_hex(8));
    sys::mkdir_at(AT_FDCWD, made, directory_mode());
    files::write_atomic(AT_FDCWD, made + "/image.json", merged.format(), file_mode(), files::Durability::synced);
    if (!sys::try_rename_noreplace(AT_FDCWD, made, AT_FDCWD, dir)) { // a half removed one
        discard("images/" + record.manifest_hex);
        sys::rename_at(AT_FDCWD, made, AT_FDCWD, dir);
    }
}

Image Store::add_image(const NewImage& image) {
    const ConfigSummary config = parse_config(image.config_json);
    Record record;
    record.manifest_hex = digest_hex(image.manifest_digest);
    record.id = image.config_digest;
    record.diff_ids = config.diff_ids;
    record.repo_digests = image.repo_digests;
    record.created = config.created;
    record.size = static_cast<std::int64_t>(image.config_json.size());
    record.added = sys::realtime_ns();
    for (const std::string& name : image.names) record.remember(name);

    ensure();
    const FileLock store_lock = lock_shared();
    for (const std::string& diff_id : record.diff_ids) {
        if (is_lent(diff_id))
            throw Error("layer ", diff_id, " is in ", linked_from(diff_id), " and not in the image store ", dir(), ", where others would miss it: pull "
                        "or load the image that has it first");
        const auto layer = find_layer(diff_id);
        if (!layer) throw Error("image ", image.config_digest, ": its layer ", diff_id, " is not in the store");
        record.size += layer->size;
    }
    write_blob(path("blobs/sha256/" + digest_hex(image.config_digest)), image.config_json, file_mode());
    write_blob(path("blobs/sha256/" + record.manifest_hex), image.manifest_json, file_mode());
    {
        const FileLock images_lock = lock_images();
        std::map<std::string, std::string> links; // who is killed between the record and its names leaves an image without any
        for (const std::string& name : image.names) links[name] = make_link(record.manifest_hex);
        write_record(record);
        for (const auto& [name, link] : links) sys::rename_at(AT_FDCWD, link, AT_FDCWD, path("refs/" + escape_name(name)));
        for (const char* directory : {"images", "refs"}) sys::fsync(files::open_dir(path(directory)).get(), path(directory));
    }
    Image added = load(record);
    added.names = names_by_manifest(path("refs"))[record.manifest_hex];
    return added;
}

FileLock Store::lock_images() const {
    return FileLock::acquire(AT_FDCWD, path("images.lock"), FileLock::Mode::exclusive);
}

/// A name to be, still without one; below tmp/.
std::string Store::make_link(const std::string& manifest_hex) {
    std::string made = path("tmp/ref-" + sys::random_hex(8));
    sys::symlink_at("../images/" + manifest_hex, AT_FDCWD, made);
    return made;
}

void Store::point_name(const std::string& name, const std::string& manifest_hex) {
    sys::rename_at(AT_FDCWD, make_link(manifest_hex), AT_FDCWD, path("refs/" + escape_name(name)));
    sys::fsync(files::open_dir(path("refs")).get(), path("refs"));
}

void Store::tag(const Image& image, const std::string& name) {
    if (!image.store.empty()) (void)adopt(image);
    const FileLock store_lock = lock_shared();
    const FileLock images_lock = lock_images();
    const std::string manifest_hex = digest_hex(image.manifest_digest);
    auto record = find_record(manifest_hex);
    if (!record) throw Error("image ", image.id, " has been removed");
    record->remember(name);
    write_record(*record);
    point_name(name, manifest_hex);
}

bool Store::untag(const std::string& name) { return sys::unlink_at(AT_FDCWD, path("refs/" + escape_name(name))); }

Removed Store::remove_image(const Image& image, const std::string& by_name, std::span<const std::string> used_by,
                            Force force) {
    require_own(image);
    const FileLock store_lock = lock_shared();
    const FileLock images_lock = lock_images();
    const auto current = find_by_id(image.id);
    if (!current) throw Error("image ", image.id, " has been removed already");
    const std::vector<std::string>& names = current->names;
    if (!by_name.empty() && std::find(names.begin(), names.end(), by_name) == names.end())
        throw Error("image ", image.id, " is not called ", by_name, " (any more)");
    Removed removed;
    if (!by_name.empty() && names.size() > 1) {
        if (untag(by_name)) removed.untagged.push_back(by_name);
        return removed;
    }
    if (force == Force::no && !used_by.empty())
        throw Error("image ", by_name.empty() ? image.id : by_name, " is in use by container ", used_by[0].substr(0, 12),
                    used_by.size() > 1 ? cat(" and ", used_by.size() - 1, " more") : "",
                    "; remove the container first, or use --force")
            .with_exit_code(2); // podman-rmi(1), "Exit Status"
    if (force == Force::no && names.size() > 1)
        throw Error("image ", image.id, " has ", names.size(), " names (", names[0], ", ", names[1],
                    names.size() > 2 ? ", …" : "", "); remove it by name, or use --force");
    for (const std::string& name : names)
        if (untag(name)) removed.untagged.push_back(name);
    for (const Record& record : records())
        if (record.id == image.id) discard("images/" + record.manifest_hex);
    removed.deleted = image.id;
    return removed;
}

} // namespace storage
