// Owners of whole trees, see storage/chown_tree.h.
#include "storage/chown_tree.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace storage {
namespace {

struct Owner {
    unsigned uid;
    unsigned gid;
};

[[noreturn]] void explain(int error, const std::string& name, const Owner& owner) {
    if (error == EPERM)
        throw Error("option U: ", name, " belongs neither to you nor to one of your subordinate ids, so it cannot be given away");
    if (error == EINVAL) throw Error("option U: the container has no user ", owner.uid, " or no group ", owner.gid);
    throw SysError{error, cat("option U: set the owner of ", name)};
}

void chown_content(int dir_fd, const std::string& path, dev_t device, const Owner& owner) {
    for (const std::string& name : files::list(dir_fd, ".")) {
        const std::string shown = path + "/" + name;
        const auto st = sys::find_stat_at(dir_fd, name);
        if (!st) continue; // removed meanwhile
        if (S_ISDIR(st->st_mode)) {
            const UniqueFd sub(::openat(dir_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (!sub && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) continue; // exchanged meanwhile
            if (!sub) throw SysError{errno, cat("option U: open ", shown)};
            if (sys::fstat(sub.get(), shown).st_dev != device) continue;
            chown_content(sub.get(), shown, device, owner);
        }
        if (::fchownat(dir_fd, name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
            explain(errno, shown, owner);
    }
}

} // namespace

void chown_tree(int fd, const std::string& name, unsigned uid, unsigned gid) {
    const struct stat st = sys::fstat(fd, name);
    const Owner owner{uid, gid};
    if (st.st_uid == uid && st.st_gid == gid) return;
    if (S_ISDIR(st.st_mode)) {
        const UniqueFd dir(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!dir) throw SysError{errno, cat("option U: open ", name)};
        chown_content(dir.get(), name, st.st_dev, owner);
    }
    if (::fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0) explain(errno, name, owner);
}

} // namespace storage
