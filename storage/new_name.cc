// See storage/new_name.h.
#include "storage/new_name.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "storage/file_attributes.h"
#include "storage/tree_copy.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace storage {
namespace {

/// The mount a file is on. Kernels before 5.8 do not tell; they know it below /proc.
std::uint64_t mount_of(int fd) {
    struct statx info {};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) == 0 && (info.stx_mask & STATX_MNT_ID) != 0) return info.stx_mnt_id;
    const std::string text = files::find(cat("/proc/self/fdinfo/", fd)).value_or("");
    const auto at = text.find("mnt_id:");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + 7));
}

void remove_tree(int dir, const std::string& name, const std::string& path, std::uint64_t mount) {
    if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) throw SysError{errno, cat("remove ", path)};
    const UniqueFd fd = sys::open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (mount_of(fd.get()) != mount) throw Error(path, ": something is mounted there, which --overwrite does not remove");
    for (const std::string& entry : files::list(fd.get(), ".")) remove_tree(fd.get(), entry, path + "/" + entry, mount);
    sys::unlink_at(dir, name, AT_REMOVEDIR);
}

} // namespace

NewName::NewName(int dir, std::string name, std::string path, Kind kind, Overwrite overwrite)
    : dir_(dir), name_(std::move(name)), path_(std::move(path)), used_(name_) {
    const auto there = sys::find_stat_at(dir_, name_);
    if (!there) return;
    const bool directory = kind == Kind::directory;
    // Another mount namespace's mounts do not stop a rename or removal here, they fall off: so they are looked for.
    const std::uint64_t mount = mount_of(dir_);
    if (const auto thing = sys::try_open_at(dir_, name_, O_PATH | O_NOFOLLOW)) is_mounted_ = mount_of(thing->get()) != mount;
    if (S_ISDIR(there->st_mode) == directory) {
        exists_ = directory;
        settled_ = directory;
        if (!directory) used_ = ".ctl-" + sys::random_hex(8);
        return;
    }
    if (overwrite == Overwrite::same_kind)
        throw Error(path_, ": the destination has ", directory ? "a file" : "a directory", " of that name; --overwrite replaces it");
    if (is_mounted_) throw Error(path_, ": something is mounted there, which --overwrite does not remove");
    remove_tree(dir_, name_, path_, mount);
}

NewName::~NewName() {
    if (!settled_ && used_ != name_) ::unlinkat(dir_, used_.c_str(), 0);
}

void NewName::settle(int content) {
    settled_ = true;
    if (used_ == name_) return;
    if (is_mounted_ || ::renameat(dir_, used_.c_str(), dir_, name_.c_str()) != 0) {
        const int error = is_mounted_ ? EBUSY : errno;
        settled_ = false;
        const UniqueFd there = sys::open_at(dir_, name_, O_PATH | O_NOFOLLOW);
        if (error != EBUSY || content < 0 || !S_ISREG(sys::fstat(there.get(), path_).st_mode))
            throw SysError{error, cat("replace ", path_)};
        const UniqueFd writable = sys::open(fd_path(there.get()), O_WRONLY | O_NONBLOCK | O_NOCTTY);
        if (::ftruncate(writable.get(), 0) != 0) throw SysError{errno, cat("empty ", path_)};
        copy_file_content(content, writable.get(), path_);
        settled_ = true;
    }
    sys::unlink_at(dir_, used_); // of two names of one file rename keeps both
}

} // namespace storage
