// Whole files, see base/files.h.
#include "base/files.h"

#include "base/on_exit.h"
#include "base/sys.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <span>

namespace files {
namespace {

struct DirCloser {
    void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, DirCloser>;

std::string read_regular(const UniqueFd& fd, const std::string& path, std::size_t limit) {
    const struct stat st = sys::fstat(fd.get(), path);
    if (!S_ISREG(st.st_mode)) throw Error(path, ": not a regular file");
    const auto size = static_cast<std::size_t>(st.st_size);
    if (size == 0 || size > limit) return sys::read_to_end(fd.get(), limit, path); // /proc and its like do not say their size
    std::string text(size, '\0');
    const std::size_t n = sys::read_some(fd.get(), std::as_writable_bytes(std::span(text)), path);
    if (n == size) return text;
    text.resize(n);
    return text + sys::read_to_end(fd.get(), limit - n, path);
}

std::vector<std::string> names_of(UniqueFd dir_fd, const std::string& path) {
    Dir dir(::fdopendir(dir_fd.get()));
    if (!dir) throw SysError{errno, cat("list ", path)};
    (void)dir_fd.release(); // closedir closes it
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const struct dirent* entry = ::readdir(dir.get());
        if (entry == nullptr) {
            if (errno != 0) throw SysError{errno, cat("list ", path)};
            return names;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
}

/// A directory without w or x for its owner cannot be emptied; where this fails, emptying will say so.
void make_accessible(int dir_fd, const std::string& name) {
    if (::fchmodat(dir_fd, name.c_str(), 0700, 0) != 0) return;
}

constexpr int most_levels = 100; // each holds a descriptor and a frame

/// Where what lies deeper is moved to, to be removed from there.
struct Shallows {
    int dir_fd; ///< the top of the tree
    bool moved = false;
};

void remove_dir_content(int dir_fd, dev_t device, Shallows& shallows, int level) {
    for (const std::string& name : names_of(sys::open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY), ".")) {
        if (::unlinkat(dir_fd, name.c_str(), 0) == 0 || errno == ENOENT) continue;
        if (errno != EISDIR && errno != EPERM) throw SysError{errno, cat("remove ", name)};
        UniqueFd sub(::openat(dir_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!sub && errno == EACCES) {
            make_accessible(dir_fd, name);
            sub = UniqueFd(::openat(dir_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        }
        if (!sub) throw SysError{errno, cat("remove ", name)};
        if (sys::fstat(sub.get(), name).st_dev != device) throw Error("remove ", name, ": something is mounted there");
        make_accessible(dir_fd, name);
        if (level == most_levels) {
            sys::rename_at(dir_fd, name, shallows.dir_fd, ".deep-" + sys::random_hex(8));
            shallows.moved = true;
            continue;
        }
        remove_dir_content(sub.get(), device, shallows, level + 1);
        if (::unlinkat(dir_fd, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
            throw SysError{errno, cat("remove ", name)};
    }
}

} // namespace

std::optional<std::string> find(int dir_fd, const std::string& path, std::size_t limit) {
    const auto fd = sys::try_open_at(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) return std::nullopt;
    return read_regular(*fd, path, limit);
}

std::optional<std::string> find(const std::string& path, std::size_t limit) { return find(AT_FDCWD, path, limit); }

std::string read(int dir_fd, const std::string& path, std::size_t limit) {
    return read_regular(sys::open_at(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY), path, limit);
}

std::string read(const std::string& path, std::size_t limit) { return read(AT_FDCWD, path, limit); }

std::string read_named(const std::string& path, std::string_view option, std::size_t limit) {
    try {
        return sys::read_to_end(sys::open(path, O_RDONLY | O_NOCTTY).get(), limit, path);
    } catch (Error& e) {
        e.add_context(option);
        throw;
    }
}

void write_atomic(int dir_fd, const std::string& path, std::string_view content, mode_t mode, Durability durability) {
    const std::string temporary = cat(path, ".tmp-", sys::random_hex(6));
    UniqueFd fd = sys::open_at(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    OnExit undo([&] { ::unlinkat(dir_fd, temporary.c_str(), 0); });
    sys::write_all(fd.get(), content, path);
    if (durability == Durability::synced) sys::fsync(fd.get(), path);
    fd.reset();
    sys::rename_at(dir_fd, temporary, dir_fd, path);
    undo.disarm();
    if (durability == Durability::none) return;
    const auto slash = path.find_last_of('/');
    const UniqueFd parent = open_dir_at(dir_fd, slash == std::string::npos ? "." : path.substr(0, slash));
    sys::fsync(parent.get(), path);
}

UniqueFd open_beneath(int dir_fd, const std::string& path, int flags) {
    struct open_how how {};
    how.flags = static_cast<decltype(how.flags)>(static_cast<unsigned>(flags | O_CLOEXEC));
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const long opened = ::syscall(SYS_openat2, dir_fd, path.c_str(), &how, sizeof how);
    if (opened >= 0) return UniqueFd(static_cast<int>(opened));
    if (errno != ENOSYS && errno != EPERM) throw SysError{errno, cat("open ", path)};
    UniqueFd at = sys::dup(dir_fd);
    for (std::size_t begin = 0;;) {
        const std::size_t slash = path.find('/', begin);
        const std::string name = path.substr(begin, slash == std::string::npos ? slash : slash - begin);
        if (name.empty() || name == "..") throw SysError{ELOOP, cat("open ", path)};
        if (slash == std::string::npos) return sys::open_at(at.get(), name, flags | O_NOFOLLOW);
        at = sys::open_at(at.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        begin = slash + 1;
    }
}

std::string behind_links(const std::string& path) {
    constexpr int most_links = 40; // as the kernel's own limit
    std::filesystem::path real = std::filesystem::absolute(path);
    for (int hop = 0;; ++hop) {
        const auto target = sys::find_link_at(AT_FDCWD, real.string());
        if (!target) break;
        if (hop == most_links) throw SysError{ELOOP, cat("follow ", path)};
        real = real.parent_path() / *target; // an absolute target stands for itself
    }
    std::error_code error;
    real = std::filesystem::weakly_canonical(real, error);
    if (error) throw SysError{error.value(), cat("follow ", path)};
    return real.string();
}

std::vector<std::string> list(int dir_fd, const std::string& path) {
    auto fd = sys::try_open_at(dir_fd, path, O_RDONLY | O_DIRECTORY);
    if (!fd) return {};
    return names_of(std::move(*fd), path);
}

UniqueFd open_dir(const std::string& path) { return sys::open(path, O_RDONLY | O_DIRECTORY); }
UniqueFd open_dir_at(int dir_fd, const std::string& path) { return sys::open_at(dir_fd, path, O_RDONLY | O_DIRECTORY); }

void remove_tree(int dir_fd, const std::string& path) {
    const auto st = sys::find_stat_at(dir_fd, path);
    if (!st) return;
    if (!S_ISDIR(st->st_mode)) {
        sys::unlink_at(dir_fd, path);
        return;
    }
    make_accessible(dir_fd, path);
    const UniqueFd dir = sys::open_at(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    Shallows shallows{dir.get()};
    do {
        shallows.moved = false;
        remove_dir_content(dir.get(), st->st_dev, shallows, 0);
    } while (shallows.moved);
    sys::unlink_at(dir_fd, path, AT_REMOVEDIR);
}

} // namespace files
