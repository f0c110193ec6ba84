// Garbage collection by reachability, and the trash, see storage/store.h.
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/id_shift.h"
#include "storage/layer_blobs.h"
#include "storage/record.h"
#include "storage/store.h"

#include <sys/file.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace storage {
namespace {

/// Downloads wait this long for being resumed; temporary files this long for their maker.
constexpr std::int64_t patience_ns = std::int64_t{24} * 3600 * 1'000'000'000;

bool is_old(const std::string& file) {
    const auto st = sys::find_stat_at(AT_FDCWD, file);
    const std::int64_t now = sys::realtime_ns();
    return st && now - (std::int64_t{st->st_mtim.tv_sec} * 1'000'000'000 + st->st_mtim.tv_nsec) > patience_ns;
}

/// A flock on the file or directory if nobody has one: its maker is dead. Kept until it has been moved away, so that a
/// newcomer who opened it meanwhile notices (FileLock looks whether the name is still the file it locked).
std::optional<UniqueFd> lock_abandoned(const std::string& file) {
    auto fd = sys::try_open(file, O_RDONLY | O_NOFOLLOW);
    if (!fd || ::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
    return fd;
}

using Names = std::vector<std::string>;

void sort_unique(Names& names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
}

bool contains(const Names& sorted, const std::string& name) { return std::binary_search(sorted.begin(), sorted.end(), name); }

} // namespace

/// One collection under way: what was found, and what becomes of it.
struct Store::Collection {
    const Store& store;
    Sweep sweep;
    Garbage found;

    /// Whether `relative`, a path below a root, goes, or would.
    bool drop(const std::string& relative) { return drop(store, relative); }
    bool drop(const Root& root, const std::string& relative) {
        found.paths.push_back(root.path(relative));
        return sweep == Sweep::look || root.discard(relative);
    }
    /// The same of a file without content.
    bool unlink(const std::string& relative) {
        found.paths.push_back(store.path(relative));
        return sweep == Sweep::look || sys::unlink_at(AT_FDCWD, found.paths.back());
    }
};

/// What live leases name; dead ones are removed.
std::vector<std::string> Store::leased_digests(Collection& collection) {
    Names leased;
    for (const std::string& name : files::list(AT_FDCWD, path("leases"))) {
        const std::string lease = path("leases/" + name);
        if (const auto dead = lock_abandoned(lease)) {
            if (collection.unlink("leases/" + name)) ++collection.found.leftovers;
            continue;
        }
        const std::string text = files::find(lease).value_or("");
        for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
            leased.push_back(text.substr(start, end - start));
    }
    return leased;
}

/// The diff-ids in the records of all data roots' containers; nullopt where one cannot be read, since it may need any layer.
std::optional<std::vector<std::string>> Store::container_layers() const {
    Names needed;
    try {
        for (const std::string& root : data_roots())
            for (const std::string& place : container_places(boot_id_))
                for (const std::string& id : files::list(AT_FDCWD, cat(root, "/", place))) {
                    const std::string file = cat(root, "/", place, "/", id, "/record.json");
                    const auto text = files::find(file);
                    if (!text || text->empty()) continue;
                    const Names layers = parse_container_diff_ids(*text, file);
                    needed.insert(needed.end(), layers.begin(), layers.end());
                }
    } catch (const Error&) {
        return std::nullopt;
    }
    return needed;
}

void Store::collect_layers(Collection& collection, const Names& leased) {
    Names wanted;
    const auto want = [&](const Names& diff_ids) {
        for (const std::string& diff_id : diff_ids) wanted.push_back(digest_hex(diff_id));
    };
    for (const Record& record : records()) want(record.diff_ids);
    const auto needed = container_layers();
    const bool all_known = needed.has_value();
    if (needed) want(*needed);
    want(leased);
    sort_unique(wanted);
    for (const std::string& name : files::list(AT_FDCWD, path("layers"))) {
        if (name.starts_with(".tmp-") || name.starts_with(".lock-")) {
            const auto dead = lock_abandoned(path("layers/" + name));
            if (dead && collection.drop("layers/" + name)) ++collection.found.leftovers;
        } else if (all_known && !name.starts_with('.') && !contains(wanted, name)) {
            if (collection.sweep == Sweep::move) keep_layer_blobs(*this, name);
            if (!collection.drop("layers/" + name)) continue;
            ++collection.found.layers;
            collection.found.layer_names.push_back(name);
        }
    }
}

void Store::collect_blobs(Collection& collection) {
    Names wanted;
    for (const Record& record : records()) {
        wanted.push_back(record.manifest_hex);
        wanted.push_back(digest_hex(record.id));
    }
    sort_unique(wanted);
    for (const std::string& name : files::list(AT_FDCWD, path("blobs/sha256")))
        if (!contains(wanted, name) && collection.drop("blobs/sha256/" + name)) ++collection.found.blobs;
}

void Store::collect_artifacts(Collection& collection, const Names& leased) {
    Names wanted;
    const auto want = [&](const Names& digests) {
        for (const std::string& digest : digests) wanted.push_back(digest_hex(digest));
    };
    want(leased);
    bool all_known = true; // a record that cannot be read may need any blob
    for (const std::string& name : files::list(AT_FDCWD, path("artifacts/names"))) {
        const std::string relative = "artifacts/names/" + name;
        if (!name.ends_with(".json")) { // half written, by nobody any more: writers hold the store's lock
            if (collection.drop(relative)) ++collection.found.leftovers;
            continue;
        }
        try {
            if (const auto text = files::find(path(relative))) want(parse_artifact_digests(*text, path(relative)));
        } catch (const Error&) {
            all_known = false;
        }
    }
    sort_unique(wanted);
    for (const std::string& name : files::list(AT_FDCWD, path("artifacts/blobs")))
        if (all_known && !contains(wanted, name) && collection.drop("artifacts/blobs/" + name)) ++collection.found.blobs;
}

void Store::collect_leftovers(Collection& collection) {
    const auto drop = [&](const std::string& relative) {
        if (collection.drop(relative)) ++collection.found.leftovers;
    };
    for (const std::string& name : files::list(AT_FDCWD, path("images")))
        if (!find_record(name)) drop("images/" + name);
    for (const std::string& name : files::list(AT_FDCWD, path("refs")))
        if (const auto target = sys::find_link_at(AT_FDCWD, path("refs/" + name)); target && !find_record(target->substr(target->rfind('/') + 1)))
            drop("refs/" + name);
    for (const std::string& name : files::list(AT_FDCWD, path("roots"))) {
        const auto root = sys::find_link_at(AT_FDCWD, path("roots/" + name));
        if (!root || sys::find_stat_at(AT_FDCWD, *root)) continue;
        if (collection.unlink("roots/" + name)) ++collection.found.leftovers;
    }
    collect_tmp(collection, *this);
}

void Store::collect_downloads(Collection& collection, Downloads downloads) {
    for (const std::string& name : files::list(AT_FDCWD, path("partial"))) {
        const auto nobodys = lock_abandoned(path("partial/" + name));
        if (!nobodys) continue;
        if (downloads == Downloads::kept && !is_old(path("partial/" + name)))
            collection.found.kept_downloads += static_cast<std::uint64_t>(sys::fstat(nobodys->get(), "partial download").st_blocks) * 512;
        else if (collection.drop("partial/" + name)) ++collection.found.leftovers;
    }
}

/// With the root's lock held. Who makes a container or a volume holds it shared until it is published, so these have no maker any more.
void Store::collect_tmp(Collection& collection, const Root& root) {
    const auto is_dead = [&](const std::string& name) {
        return name.starts_with("container-") || name.starts_with("volume-") || is_old(root.path("tmp/" + name));
    };
    for (const std::string& name : files::list(AT_FDCWD, root.path("tmp")))
        if (is_dead(name) && collection.drop(root, "tmp/" + name)) ++collection.found.leftovers;
}

/// Trees for other id maps (storage/id_shift.h) whose layers are gone or that nobody uses, and one that was not finished.
void Store::collect_shifted(Collection& collection, const UsedTrees& used_trees) {
    const auto used = used_trees ? used_trees() : std::nullopt;
    for (const std::string& name : files::list(AT_FDCWD, path("maps"))) {
        const std::string dir = "maps/" + name;
        if (name == "making") {
            const auto nobody = FileLock::try_acquire(AT_FDCWD, path("maps/lock"), FileLock::Mode::exclusive);
            if (nobody && collection.drop(dir)) ++collection.found.leftovers;
            continue;
        }
        const auto map = files::find(path(dir + "/map"));
        if (!map) continue; // the lock
        const Names layers = parse_shifted_layers(*map);
        const auto is_gone = [&](const std::string& layer) { return !sys::find_stat_at(AT_FDCWD, path("layers/" + layer)); };
        const bool is_unused = used && !used->contains(name);
        if ((is_unused || std::any_of(layers.begin(), layers.end(), is_gone)) && collection.drop(dir)) ++collection.found.leftovers;
    }
}

Garbage Store::collect_garbage(Sweep sweep, const UsedTrees& used_trees, Downloads downloads) {
    ensure();
    Collection collection{*this, sweep, {}};
    if (is_apart() && sys::find_stat_at(AT_FDCWD, home_)) {
        const Root home(home_);
        const FileLock home_lock = home.lock_exclusive();
        collect_tmp(collection, home);
    }
    const FileLock lock = lock_exclusive();
    const Names leased = leased_digests(collection);
    collect_layers(collection, leased);
    collect_blobs(collection);
    collect_artifacts(collection, leased);
    collect_leftovers(collection);
    collect_downloads(collection, downloads);
    collect_shifted(collection, used_trees);
    return collection.found;
}

} // namespace storage
