// See base/replacement.h.
#include "base/replacement.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace files {
namespace {

/// What another file may take the place of. /dev/stdout is the caller's open file, whatever its name was.
bool is_replaceable(const std::string& path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return errno == ENOENT;
    return S_ISREG(st.st_mode) && ::access(path.c_str(), W_OK) == 0 && !path.starts_with("/dev/") && !path.starts_with("/proc/");
}

/// An unnamed file in the directory where that is possible, otherwise one with the name that is returned.
UniqueFd open_new(int dir, mode_t mode, const std::string& temporary, std::string& name) {
    if (UniqueFd fd(::openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode)); fd) return fd;
    name = temporary;
    return sys::open_at(dir, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
}

} // namespace

Replacement::Replacement(const std::string& path, mode_t mode) : path_(path) {
    if (is_replaceable(path)) open_beside(mode);
    if (fd_) return;
    fd_ = sys::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, mode);
    half_made_ = S_ISREG(sys::fstat(fd_.get(), path).st_mode);
}

void Replacement::open_beside(mode_t mode) {
    try {
        const std::filesystem::path real = files::behind_links(path_);
        dir_ = open_dir(real.parent_path().string());
        name_ = real.filename().string();
        fd_ = open_new(dir_.get(), mode, cat(".", name_, ".", sys::random_hex(6)), temporary_);
        if (const auto old = sys::find_stat_at(dir_.get(), name_); old && ::fchmod(fd_.get(), old->st_mode & 0777) != 0)
            throw SysError{errno, cat("set the mode of ", path_)};
    } catch (const SysError&) {
        if (fd_ && !temporary_.empty()) sys::unlink_at(dir_.get(), temporary_);
        fd_.reset();
        temporary_.clear();
        name_.clear(); // opening it in place works, or says in the user's words why not
    }
}

void Replacement::commit() {
    half_made_ = false;
    if (name_.empty()) return;
    sys::fsync(fd_.get(), path_);
    if (temporary_.empty()) {
        const std::string temporary = cat(".", name_, ".", sys::random_hex(6)), unnamed = cat("/proc/self/fd/", fd_.get());
        if (::linkat(AT_FDCWD, unnamed.c_str(), dir_.get(), temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) throw SysError{errno, cat("make ", path_)};
        temporary_ = temporary;
    }
    sys::rename_at(dir_.get(), temporary_, dir_.get(), name_);
    temporary_.clear();
    sys::fsync(dir_.get(), path_);
}

Replacement::~Replacement() {
    if (half_made_) ::unlink(path_.c_str());
    if (!temporary_.empty()) ::unlinkat(dir_.get(), temporary_.c_str(), 0);
}

} // namespace files
