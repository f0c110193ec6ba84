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

} // namespace

Replacement::Replacement(const std::string& path, mode_t mode) : path_(path) {
    if (is_replaceable(path)) open_unnamed(mode);
    if (fd_) return;
    fd_ = sys::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, mode);
    half_made_ = S_ISREG(sys::fstat(fd_.get(), path).st_mode);
}

void Replacement::open_unnamed(mode_t mode) {
    const std::filesystem::path real = files::behind_links(path_);
    try {
        dir_ = open_dir(real.parent_path().string());
        name_ = real.filename().string();
        fd_ = sys::open_at(dir_.get(), ".", O_WRONLY | O_TMPFILE, mode);
        if (const auto old = sys::find_stat_at(dir_.get(), name_); old && ::fchmod(fd_.get(), old->st_mode & 0777) != 0)
            throw SysError{errno, cat("set the mode of ", path_)};
    } catch (const SysError&) {
        fd_.reset();
        name_.clear(); // opening it in place works, or says in the user's words why not
    }
}

void Replacement::commit() {
    half_made_ = false;
    if (name_.empty()) return;
    const std::string temporary = cat(".", name_, ".", sys::random_hex(6)), unnamed = cat("/proc/self/fd/", fd_.get());
    if (::linkat(AT_FDCWD, unnamed.c_str(), dir_.get(), temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) throw SysError{errno, cat("make ", path_)};
    try {
        sys::rename_at(dir_.get(), temporary, dir_.get(), name_);
    } catch (const SysError&) {
        sys::unlink_at(dir_.get(), temporary);
        throw;
    }
}

Replacement::~Replacement() {
    if (half_made_) ::unlink(path_.c_str());
}

} // namespace files
