// The layer of mount points; see storage/mount_points.h.
#include "storage/mount_points.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "storage/root.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace storage {
namespace {

constexpr const char* directories[] = {"dev", "etc", "proc", "run", "sys"};

/// The modes are what containers see, whatever the umask is.
void fill(int dir) {
    if (::fchmod(dir, 0755) != 0) throw SysError{errno, "set the mode of the mount points"};
    for (const char* name : directories) {
        sys::mkdir_at(dir, name, 0755);
        if (::fchmodat(dir, name, 0755, 0) != 0) throw SysError{errno, cat("set the mode of ", name)};
    }
    for (const char* path : mount_point_files) {
        const char* const name = path + 1; // below `dir`
        const UniqueFd file = sys::open_at(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
        if (::fchmod(file.get(), 0644) != 0) throw SysError{errno, cat("set the mode of ", name)};
    }
}

} // namespace

UniqueFd open_mount_points(const Paths& paths) {
    const Root root(paths.data);
    const std::string place = root.path("mountpoints");
    if (auto found = sys::try_open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW)) return std::move(*found);
    const FileLock not_garbage = root.lock_shared();
    const std::string making = root.path(cat("tmp/mountpoints-", sys::random_hex(8)));
    sys::mkdir_at(AT_FDCWD, making, 0755);
    OnExit undo([&] { files::remove_tree(AT_FDCWD, making); });
    fill(files::open_dir(making).get());
    if (::rename(making.c_str(), place.c_str()) == 0) undo.disarm();
    else if (errno != EEXIST && errno != ENOTEMPTY) throw SysError{errno, cat("make ", place)}; // else another was faster
    return sys::open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

} // namespace storage
