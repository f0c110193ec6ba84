// Filling a volume from the image, see copy_up in storage/volume.h.
//
// Source and target are trees of the image's author, so nothing is followed: every name is opened relative to its
// directory's descriptor with O_NOFOLLOW. A crash in the middle leaves a volume without the `filled` marker whose content
// is a part; the next copy_up sees content it did not make and would keep that for ever, so the copy is made in a
// directory beside data/ and exchanged for it at the end.
#include "storage/volume.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string_view>
#include <vector>

namespace storage {
namespace {

void must(int result, const std::string& what) {
    if (result != 0) throw SysError{errno, what};
}

/// Attributes the overlay or the security modules keep for themselves: not content.
bool is_internal_attribute(std::string_view name) {
    for (const std::string_view prefix : {"user.overlay.", "trusted.", "security.selinux", "security.ima", "security.evm",
                                          "user.containers.", "user.fuseoverlayfs."})
        if (name.starts_with(prefix)) return true;
    return false;
}

/// For files of all types, by paths below /proc/self/fd, since neither symbolic links nor O_PATH take the f… calls.
void copy_attributes(const std::string& from, const std::string& to, const std::string& name) {
    std::vector<char> names(65536);
    const ssize_t length = ::llistxattr(from.c_str(), names.data(), names.size());
    if (length < 0 && errno == ENOTSUP) return;
    if (length < 0) throw SysError{errno, cat("list attributes of ", name)};
    std::vector<char> value(65536);
    for (std::string_view rest(names.data(), static_cast<std::size_t>(length)); !rest.empty();) {
        const std::string attribute(rest.substr(0, rest.find('\0')));
        rest.remove_prefix(attribute.size() + 1);
        if (is_internal_attribute(attribute)) continue;
        const ssize_t size = ::lgetxattr(from.c_str(), attribute.c_str(), value.data(), value.size());
        if (size < 0) throw SysError{errno, cat("read attribute ", attribute, " of ", name)};
        const bool set = ::lsetxattr(to.c_str(), attribute.c_str(), value.data(), static_cast<std::size_t>(size), 0) == 0;
        if (!set && errno != EPERM && errno != ENOTSUP) throw SysError{errno, cat("set attribute ", attribute, " of ", name)};
    }
}

void copy_content(int from, int to, std::int64_t size, const std::string& name) {
    if (::ioctl(to, FICLONE, from) == 0) return; // shares the blocks where the file system can
    for (std::int64_t done = 0; done < size;) {
        const ssize_t n = ::copy_file_range(from, nullptr, to, nullptr, static_cast<std::size_t>(size - done), 0);
        if (n == 0) return; // shortened meanwhile
        if (n > 0) {
            done += n;
            continue;
        }
        if (done > 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
            throw SysError{errno, cat("copy ", name)};
        std::vector<std::byte> buffer(1 << 18);
        while (const std::size_t got = sys::read_some(from, buffer, name))
            sys::write_all(to, {reinterpret_cast<const char*>(buffer.data()), got}, name);
        return;
    }
}

class TreeCopy {
public:
    explicit TreeCopy(int target_root) : target_root_(target_root) {}

    /// Copies what is in `from`, then its own metadata. `path`: below the root, "." for it.
    void copy_directory(int from, int to, const std::string& path) {
        for (const std::string& name : files::list(from, ".")) copy_entry(from, to, name, path + "/" + name);
        const struct stat st = sys::fstat(from, path);
        copy_attributes(cat("/proc/self/fd/", from), cat("/proc/self/fd/", to), path);
        must(::fchown(to, st.st_uid, st.st_gid), cat("set owner of ", path));
        must(::fchmod(to, st.st_mode & 07777), cat("set mode of ", path));
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        must(::futimens(to, times), cat("set times of ", path));
    }

private:
    void copy_entry(int from, int to, const std::string& name, const std::string& path) {
        const struct stat st = sys::lstat_at(from, name);
        if (S_ISDIR(st.st_mode)) {
            const UniqueFd source = sys::open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            sys::mkdir_at(to, name, 0700);
            const UniqueFd target = sys::open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            return copy_directory(source.get(), target.get(), path);
        }
        if (st.st_nlink > 1) {
            const auto [first, is_first] = first_names_.try_emplace({st.st_dev, st.st_ino}, path);
            if (!is_first) // nobody else writes to the target, so its path is safe to walk
                return must(::linkat(target_root_, first->second.c_str(), to, name.c_str(), 0), cat("link ", path));
        }
        if (S_ISREG(st.st_mode)) copy_file(from, to, name, path, st.st_size);
        else if (S_ISLNK(st.st_mode)) sys::symlink_at(sys::find_link_at(from, name).value_or(""), to, name);
        else if (S_ISFIFO(st.st_mode)) must(::mkfifoat(to, name.c_str(), 0600), cat("make fifo ", path));
        else return; // sockets have no content, devices cannot be made here
        finish_entry(from, to, name, path, st);
    }

    static void copy_file(int from, int to, const std::string& name, const std::string& path, std::int64_t size) {
        const UniqueFd source = sys::open_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        const UniqueFd target = sys::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        copy_content(source.get(), target.get(), size, path);
    }

    static void finish_entry(int from, int to, const std::string& name, const std::string& path, const struct stat& st) {
        must(::fchownat(to, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW), cat("set owner of ", path));
        // After the owner: changing that clears setuid and file capabilities.
        if (!S_ISLNK(st.st_mode)) must(::fchmodat(to, name.c_str(), st.st_mode & 07777, 0), cat("set mode of ", path));
        copy_attributes(cat("/proc/self/fd/", from, "/", name), cat("/proc/self/fd/", to, "/", name), path);
        const struct timespec times[] = {st.st_atim, st.st_mtim};
        must(::utimensat(to, name.c_str(), times, AT_SYMLINK_NOFOLLOW), cat("set times of ", path));
    }

    int target_root_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_names_; ///< of files with several names
};

} // namespace

bool copy_up(int source_dir_fd, const Volume& volume) {
    const std::string dir = volume.data.substr(0, volume.data.find_last_of('/'));
    const UniqueFd volume_dir = files::open_dir(dir);
    const FileLock lock = FileLock::acquire(volume_dir.get(), "lock", FileLock::Mode::exclusive);
    if (sys::find_stat_at(volume_dir.get(), "filled") || !files::list(volume_dir.get(), "data").empty()) return false;

    files::remove_tree(volume_dir.get(), "filling"); // of one that was killed
    sys::mkdir_at(volume_dir.get(), "filling", 0700);
    OnExit undo([&] {
        try {
            files::remove_tree(volume_dir.get(), "filling");
        } catch (const Error&) {
            return; // the next one removes it
        }
    });
    {
        const UniqueFd source = files::open_dir_at(source_dir_fd, ".");
        const UniqueFd target = files::open_dir_at(volume_dir.get(), "filling");
        TreeCopy(target.get()).copy_directory(source.get(), target.get(), ".");
    }
    // data/ is empty, so rename replaces it; a container that has it mounted already would keep the old one, which is
    // why callers fill before they mount.
    sys::rename_at(volume_dir.get(), "filling", volume_dir.get(), "data");
    undo.disarm();
    files::write_atomic(volume_dir.get(), "filled", "", 0600, files::Durability::none);
    return true;
}

} // namespace storage
