// flock(2) locks, see base/lock.h.
#include "base/lock.h"

#include "base/files.h"
#include "base/sys.h"

#include <sys/file.h>
#include <sys/sysmacros.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <sstream>

namespace {

int operation(FileLock::Mode mode) { return (mode == FileLock::Mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB; }

/// Whether the path still names the locked file: it may have been removed (and remade) while we waited.
bool still_named(int dir_fd, const std::string& path, int fd) {
    const auto named = sys::find_stat_at(dir_fd, path);
    const struct stat held = sys::fstat(fd, path);
    return named && named->st_dev == held.st_dev && named->st_ino == held.st_ino;
}

UniqueFd open_lock_file(int dir_fd, const std::string& path) {
    return sys::open_at(dir_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
}

std::string holder_text(int fd) {
    const auto holder = find_lock_holder(fd);
    return holder ? cat("process ", *holder) : std::string("another process");
}

} // namespace

std::optional<long> find_lock_holder(int fd) {
    const struct stat st = sys::fstat(fd, "lock file");
    char key[64];
    std::snprintf(key, sizeof key, "%02x:%02x:%llu", major(st.st_dev), minor(st.st_dev),
                  static_cast<unsigned long long>(st.st_ino));
    const auto table = sys::try_open("/proc/locks", O_RDONLY);
    if (!table) return std::nullopt;
    std::istringstream lines(sys::read_to_end(table->get(), 4 << 20, "/proc/locks"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string number, kind, type, access, file;
        long pid = 0;
        if (words >> number >> kind >> type >> access >> pid >> file && kind == "FLOCK" && file == key && pid > 0)
            return pid;
    }
    return std::nullopt;
}

std::optional<FileLock> FileLock::try_acquire(int dir_fd, const std::string& path, Mode mode) {
    for (;;) {
        UniqueFd fd = open_lock_file(dir_fd, path);
        if (::flock(fd.get(), operation(mode)) != 0) {
            if (errno == EWOULDBLOCK) return std::nullopt;
            throw SysError{errno, cat("lock ", path)};
        }
        if (still_named(dir_fd, path, fd.get())) return FileLock(std::move(fd));
    }
}

FileLock FileLock::acquire(int dir_fd, const std::string& path, Mode mode, std::chrono::milliseconds patience,
                           const std::function<void(const std::string&)>& on_wait) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto pause = std::chrono::milliseconds(1);
    bool told = false;
    for (;;) {
        if (auto lock = try_acquire(dir_fd, path, mode)) return std::move(*lock);
        const UniqueFd fd = open_lock_file(dir_fd, path);
        if (std::chrono::steady_clock::now() >= deadline)
            throw Error("lock ", path, ": held by ", holder_text(fd.get()), " for more than ", patience.count(), " ms");
        if (!told && on_wait && pause > std::chrono::milliseconds(100)) {
            on_wait(cat("waiting for ", holder_text(fd.get()), ", which holds ", path));
            told = true;
        }
        sys::sleep_for(pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(200));
    }
}

bool FileLock::is_held(int dir_fd, const std::string& path) {
    const auto fd = sys::try_open_at(dir_fd, path, O_RDONLY | O_NOFOLLOW);
    if (!fd || ::flock(fd->get(), LOCK_SH | LOCK_NB) == 0) return false;
    if (errno != EWOULDBLOCK) throw SysError{errno, cat("look at the lock ", path)};
    return true;
}

std::string FileLock::wait_until_free(int dir_fd, const std::string& path) {
    const auto fd = sys::try_open_at(dir_fd, path, O_RDONLY | O_NOFOLLOW);
    if (!fd) return {};
    while (::flock(fd->get(), LOCK_SH) != 0)
        if (errno != EINTR) throw SysError{errno, cat("wait for ", path)};
    return sys::read_to_end(fd->get(), 4096, path);
}
