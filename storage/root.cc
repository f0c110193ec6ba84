// See storage/root.h.
#include "storage/root.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/disk.h"

#include <fcntl.h>

#include <cerrno>
#include <optional>

namespace storage {

void Root::ensure() const {
    if (!sys::find_stat_at(AT_FDCWD, path("tmp"))) {
        sys::ensure_dir(dir_, 0700);
        check_file_system(dir_);
    }
    for (const char* name : {"trash", "tmp"}) sys::ensure_dir(path(name), 0700);
}

bool Root::discard(const std::string& relative) const {
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

void Root::empty_trash() const {
    const auto trash = sys::try_open(path("trash"), O_RDONLY | O_DIRECTORY);
    if (!trash) return;
    const auto alone = FileLock::try_acquire(AT_FDCWD, path("trash.lock"), FileLock::Mode::exclusive);
    if (!alone) return; // another process is at it
    std::optional<Error> first;
    for (const std::string& name : files::list(trash->get(), ".")) {
        try {
            files::remove_tree(trash->get(), name);
        } catch (Error& e) { // the others are not to wait for it
            e.add_context(cat("empty the trash: ", name));
            if (!first) first = e;
        }
    }
    if (first) throw *first;
}

FileLock Root::lock_shared() const { return FileLock::acquire(AT_FDCWD, path("lock"), FileLock::Mode::shared); }

FileLock Root::lock_exclusive() const { return FileLock::acquire(AT_FDCWD, path("lock"), FileLock::Mode::exclusive); }

std::vector<std::string> container_places(const std::string& boot_id) { return {"containers", "transient/" + boot_id}; }

} // namespace storage
