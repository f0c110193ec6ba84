// Garbage collection by reachability, and the trash, see storage/store.h.
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/record.h"
#include "storage/store.h"

#include <sys/file.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

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

bool Store::discard(const std::string& relative) const {
    const std::string base = relative.substr(relative.find_last_of('/') + 1);
    sys::ensure_dir(path("trash"), 0700);
    try {
        sys::rename_at(AT_FDCWD, path(relative), AT_FDCWD, path(cat("trash/", base, "-", sys::random_hex(8))));
    } catch (const SysError& e) {
        if (e.err() == ENOENT) return false;
        throw;
    }
    return true;
}

void Store::empty_trash() {
    const auto alone = FileLock::try_acquire(AT_FDCWD, path("trash.lock"), FileLock::Mode::exclusive);
    if (!alone) return; // another process is at it
    const auto trash = sys::try_open(path("trash"), O_RDONLY | O_DIRECTORY);
    if (!trash) return;
    for (const std::string& name : files::list(trash->get(), ".")) files::remove_tree(trash->get(), name);
}

/// The diff-ids of live leases; dead ones are removed.
std::vector<std::string> Store::leased_diff_ids(Garbage& garbage) {
    Names leased;
    for (const std::string& name : files::list(AT_FDCWD, path("leases"))) {
        const std::string lease = path("leases/" + name);
        if (const auto dead = lock_abandoned(lease)) {
            garbage.leftovers += sys::unlink_at(AT_FDCWD, lease) ? 1U : 0U;
            continue;
        }
        const std::string text = files::find(lease).value_or("");
        for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
            leased.push_back(text.substr(start, end - start));
    }
    return leased;
}

void Store::collect_layers(Garbage& garbage) {
    Names wanted;
    const auto want = [&](const Names& diff_ids) {
        for (const std::string& diff_id : diff_ids) wanted.push_back(digest_hex(diff_id));
    };
    for (const Record& record : records()) want(record.diff_ids);
    for (const std::string& id : files::list(AT_FDCWD, path("containers"))) {
        const std::string file = path(cat("containers/", id, "/record.json"));
        const auto text = files::find(file);
        if (text && !text->empty()) want(parse_container_diff_ids(*text, file));
    }
    want(leased_diff_ids(garbage));
    sort_unique(wanted);
    for (const std::string& name : files::list(AT_FDCWD, path("layers"))) {
        if (name.starts_with(".tmp-") || name.starts_with(".lock-")) {
            const auto dead = lock_abandoned(path("layers/" + name));
            if (dead && discard("layers/" + name)) ++garbage.leftovers;
        } else if (!name.starts_with('.') && !contains(wanted, name) && discard("layers/" + name)) {
            ++garbage.layers;
        }
    }
}

void Store::collect_blobs(Garbage& garbage) {
    Names wanted;
    for (const Record& record : records()) {
        wanted.push_back(record.manifest_hex);
        wanted.push_back(digest_hex(record.id));
    }
    sort_unique(wanted);
    for (const std::string& name : files::list(AT_FDCWD, path("blobs/sha256")))
        if (!contains(wanted, name) && discard("blobs/sha256/" + name)) ++garbage.blobs;
}

void Store::collect_leftovers(Garbage& garbage) {
    for (const std::string& name : files::list(AT_FDCWD, path("images")))
        if (!sys::find_stat_at(AT_FDCWD, path(cat("images/", name, "/image.json"))) && discard("images/" + name))
            ++garbage.leftovers;
    for (const std::string& name : files::list(AT_FDCWD, path("partial"))) {
        const std::string file = path("partial/" + name);
        if (!is_old(file)) continue;
        const auto dead = lock_abandoned(file);
        if (dead && discard("partial/" + name)) ++garbage.leftovers;
    }
    for (const std::string& name : files::list(AT_FDCWD, path("tmp")))
        if (is_old(path("tmp/" + name)) && discard("tmp/" + name)) ++garbage.leftovers;
}

Garbage Store::collect_garbage() {
    ensure();
    Garbage garbage;
    const FileLock lock = FileLock::acquire(AT_FDCWD, path("lock"), FileLock::Mode::exclusive);
    collect_layers(garbage);
    collect_blobs(garbage);
    collect_leftovers(garbage);
    return garbage;
}

} // namespace storage
