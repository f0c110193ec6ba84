// See storage/tree_copy.h.
#include "storage/tree_copy.h"

#include "base/error.h"
#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "storage/file_attributes.h"
#include "storage/new_name.h"
#include "storage/tree_walk.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace storage {
namespace {

constexpr mode_t special_mode_bits = S_ISUID | S_ISGID;

void must(int result, const std::string& what) {
    if (result != 0) throw SysError{errno, what};
}

bool is_refusal(const SysError& e) { return e.err() == EACCES || e.err() == EPERM || e.err() == ELOOP || e.err() == ENXIO; }

/// The rest of a file by reading and writing, for what cannot be copied inside the kernel.
void pump(int from, int to, std::int64_t offset, std::int64_t end, const std::string& name) {
    std::vector<char> buffer(1 << 18);
    while (offset < end) {
        const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(end - offset, static_cast<std::int64_t>(buffer.size())));
        const ssize_t got = ::pread(from, buffer.data(), wanted, offset);
        if (got < 0) throw SysError{errno, cat("read ", name)};
        if (got == 0) return; // shortened meanwhile
        for (ssize_t done = 0; done < got;) {
            const ssize_t n = ::pwrite(to, buffer.data() + done, static_cast<std::size_t>(got - done), offset + done);
            if (n < 0) throw SysError{errno, cat("write ", name)};
            done += n;
        }
        offset += got;
    }
}

void copy_range(int from, int to, std::int64_t offset, std::int64_t end, const std::string& name) {
    while (offset < end) {
        loff_t in = offset, out = offset;
        const ssize_t n = ::copy_file_range(from, &in, to, &out, static_cast<std::size_t>(end - offset), 0);
        if (n == 0) return pump(from, to, offset, end, name); // the end, or a file of /proc that claims to be empty
        if (n < 0) {
            if (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EBADF)
                return pump(from, to, offset, end, name);
            throw SysError{errno, cat("copy ", name)};
        }
        offset += n;
    }
}

} // namespace

void copy_file_content(int from, int to, const std::string& name) {
    if (::ioctl(to, FICLONE, from) == 0) return; // shares the blocks where the file system can
    const std::int64_t size = sys::fstat(from, name).st_size;
    for (std::int64_t offset = 0; offset < size;) {
        const off_t data = ::lseek(from, offset, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break; // a hole up to the end
        const off_t hole = data < 0 ? -1 : ::lseek(from, data, SEEK_HOLE);
        if (hole < 0) return copy_range(from, to, offset, size, name); // a file system that knows no holes
        const std::int64_t end = std::min<std::int64_t>(hole, size);
        copy_range(from, to, data, end, name);
        offset = end;
    }
    must(::ftruncate(to, size), cat("set the size of ", name));
}

void TreeCopy::begin(int target) {
    if (top_) return;
    top_ = sys::open_at(target, ".", O_PATH | O_DIRECTORY);
    top_stat_ = sys::fstat(top_.get(), "the target directory");
}

void TreeCopy::copy_as(int source, int target, const std::string& name, const std::string& path) {
    begin(target);
    copy_thing(source, sys::fstat(source, path), target, name, path);
}

void TreeCopy::copy_content_of(int source, int target, const std::string& path) {
    begin(target);
    copy_entries(source, target, path);
}

void TreeCopy::copy_metadata(int source, int target, const std::string& path) {
    set_metadata(source, sys::fstat(source, path), fd_path(target), path);
}

void TreeCopy::copy_entries(int source, int target, const std::string& path) {
    const UniqueFd dir = reopen(source, O_RDONLY | O_DIRECTORY, path);
    std::vector<std::string> names = list_dir(dir.get(), path);
    std::sort(names.begin(), names.end());
    const dev_t device = sys::fstat(dir.get(), path).st_dev;
    for (const std::string& name : names) {
        const std::string full = path.ends_with('/') ? path + name : path + "/" + name;
        try {
            const auto thing = sys::try_open_at(dir.get(), name, O_PATH | O_NOFOLLOW);
            if (!thing) continue; // removed meanwhile
            const struct stat st = sys::fstat(thing->get(), full);
            if (st.st_dev != device && is_kernel_fs(thing->get())) ++skipped_.special;
            else copy_thing(thing->get(), st, target, name, full);
        } catch (const SysError& e) {
            if (!rules_.tolerant || !is_refusal(e)) throw;
            ++skipped_.unreadable;
        }
    }
}

void TreeCopy::copy_thing(int source, const struct stat& st, int target, const std::string& name, const std::string& path) {
    if (S_ISDIR(st.st_mode)) return copy_directory(source, st, target, name, path);
    if (st.st_nlink > 1 && try_hard_link(st, target, name, path)) return;
    if (S_ISREG(st.st_mode)) return copy_file(source, st, target, name, path);
    if (!S_ISLNK(st.st_mode) && !S_ISFIFO(st.st_mode)) { // sockets have no content, devices cannot be made in a user namespace
        ++skipped_.special;
        return;
    }
    NewName fresh(target, name, path, NewName::Kind::other, overwrite());
    make_special(source, st, target, fresh.used(), path);
    {
        const UniqueFd made = sys::open_at(target, fresh.used(), O_PATH | O_NOFOLLOW);
        set_metadata(source, st, fd_path(made.get()), path);
    }
    fresh.settle(-1);
    remember_name(st, target, name);
}

void TreeCopy::copy_directory(int source, const struct stat& st, int target, const std::string& name, const std::string& path) {
    if (st.st_dev == top_stat_.st_dev && st.st_ino == top_stat_.st_ino)
        throw Error("cannot copy ", path, " into itself");
    const bool is_new = !NewName(target, name, path, NewName::Kind::directory, overwrite()).exists();
    if (is_new) sys::mkdir_at(target, name, 0700);
    const UniqueFd made = sys::open_at(target, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    below_.push_back(name);
    copy_entries(source, made.get(), path);
    below_.pop_back();
    if (is_new) set_metadata(source, st, fd_path(made.get()), path);
}

void TreeCopy::copy_file(int source, const struct stat& st, int target, const std::string& name, const std::string& path) {
    // By the descriptor that was looked at: whatever has the name by now is not asked.
    const UniqueFd content = reopen(source, O_RDONLY | O_NONBLOCK | O_NOCTTY, path);
    NewName fresh(target, name, path, NewName::Kind::other, overwrite());
    {
        const UniqueFd made = sys::open_at(target, fresh.used(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        OnExit undo([&] { ::unlinkat(target, fresh.used().c_str(), 0); });
        copy_file_content(content.get(), made.get(), path);
        set_metadata(source, st, fd_path(made.get()), path);
        undo.disarm();
    }
    fresh.settle(content.get());
    remember_name(st, target, name);
}

/// Symbolic links and fifos.
void TreeCopy::make_special(int source, const struct stat& st, int target, const std::string& name, const std::string& path) {
    if (S_ISLNK(st.st_mode)) {
        const auto link = sys::find_link_at(source, "");
        if (!link) throw SysError{errno, cat("read the symbolic link ", path)};
        sys::symlink_at(*link, target, name);
    } else {
        must(::mkfifoat(target, name.c_str(), 0600), cat("make fifo ", path));
    }
}

void TreeCopy::set_metadata(int source, const struct stat& st, const std::string& thing, const std::string& path) {
    const uid_t uid = rules_.owner ? rules_.owner->uid : st.st_uid;
    const gid_t gid = rules_.owner ? rules_.owner->gid : st.st_gid;
    must(::chown(thing.c_str(), uid, gid), cat("set owner of ", path));
    // After the owner: changing that clears setuid and file capabilities. `thing` stands for a descriptor, so nothing is
    // followed, and symbolic links have no mode of their own.
    const mode_t mode = st.st_mode & 07777 & ~(rules_.special_bits ? 0 : special_mode_bits);
    if (!S_ISLNK(st.st_mode)) must(::chmod(thing.c_str(), mode), cat("set mode of ", path));
    copy_attributes(fd_path(source), thing, path);
    if (!rules_.special_bits && S_ISREG(st.st_mode)) ::removexattr(thing.c_str(), "security.capability");
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    must(::utimensat(AT_FDCWD, thing.c_str(), times, 0), cat("set times of ", path));
}

void TreeCopy::remember_name(const struct stat& st, int target, const std::string& name) {
    if (st.st_nlink < 2) return;
    const auto made = sys::find_stat_at(target, name);
    if (!made) return;
    FirstName first{below_, made->st_dev, made->st_ino};
    first.path.push_back(name);
    first_names_.try_emplace({st.st_dev, st.st_ino}, std::move(first));
}

/// The copy made earlier, walked to without following anything; empty where it is not there any more.
UniqueFd TreeCopy::open_first(const FirstName& first) const {
    auto at = sys::try_open_at(top_.get(), ".", O_PATH);
    for (const std::string& name : first.path) {
        if (!at) return {};
        const UniqueFd fd(::openat(at->get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!fd) return {};
        at = sys::dup(fd.get());
    }
    const struct stat st = sys::fstat(at->get(), "a copied file");
    if (st.st_dev != first.device || st.st_ino != first.inode) return {};
    return std::move(*at);
}

/// A further name of a file copied before. False: there is none (any more), it is copied like the first.
bool TreeCopy::try_hard_link(const struct stat& st, int target, const std::string& name, const std::string& path) {
    const auto first = first_names_.find({st.st_dev, st.st_ino});
    if (first == first_names_.end()) return false;
    const UniqueFd file = open_first(first->second);
    if (!file) return false;
    NewName fresh(target, name, path, NewName::Kind::other, overwrite());
    if (::linkat(AT_FDCWD, fd_path(file.get()).c_str(), target, fresh.used().c_str(), AT_SYMLINK_FOLLOW) != 0) return false;
    fresh.settle(-1);
    return true;
}

} // namespace storage
