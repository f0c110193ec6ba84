// The sealed copy of ctl; see lib/sealed_self.h.
#include "lib/sealed_self.h"

#include "base/paths.h"
#include "base/sys.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace lib {
namespace {

constexpr const char* own_path = "/proc/self/exe";
constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
#ifndef MFD_EXEC
constexpr unsigned MFD_EXEC = 0x10; // linux/memfd.h of 6.3
#endif

bool is_sealed(int fd) {
    const int seals = ::fcntl(fd, F_GET_SEALS); // -1 where the file cannot have any
    return seals >= 0 && (seals & all_seals) == all_seals;
}

constexpr uid_t overflow_id = 65534; ///< /proc/sys/kernel/overflowuid: whom the kernel shows for an id that our map does not have

/// Closed to our writing, and owned by somebody whom no map of ours or of our containers has: root for an ordinary user, and whoever is
/// not in the user namespace that we are root of, as another engine's runtime is.
bool is_out_of_reach(const struct stat& st) {
    const bool is_others = (st.st_uid == 0 && ::geteuid() != 0) || st.st_uid == overflow_id;
    return is_others && ::faccessat(AT_FDCWD, own_path, W_OK, AT_EACCESS) != 0 && errno == EACCES;
}

/// The kernel waits for whoever has hold of a page for a moment (memory that is moved, say), and not for long enough on a busy machine.
void seal(int fd) {
    constexpr int most_attempts = 50;
    for (int attempt = 1; ::fcntl(fd, F_ADD_SEALS, all_seals) != 0; ++attempt) {
        if (errno != EBUSY || attempt == most_attempts) throw SysError{errno, "seal ctl's copy"};
        sys::sleep_for(std::chrono::milliseconds(10));
    }
}

UniqueFd make_memfd() {
    int fd = ::memfd_create("ctl", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) fd = ::memfd_create("ctl", MFD_CLOEXEC | MFD_ALLOW_SEALING); // before 6.3
    if (fd < 0) throw SysError{errno, "make a sealed copy of ctl"};
    return UniqueFd(fd);
}

UniqueFd sealed_copy(int source, off_t size) {
    UniqueFd copy = make_memfd();
    for (off_t offset = 0; offset < size;)
        if (::sendfile(copy.get(), source, &offset, static_cast<std::size_t>(size - offset)) <= 0)
            throw SysError{errno, "copy ctl"};
    if (::fchmod(copy.get(), 0555) != 0) throw SysError{errno, "set the mode of ctl's copy"};
    seal(copy.get());
    return copy;
}

} // namespace

void ensure_sealed_self(char* const argv[]) {
    const UniqueFd self = sys::open(own_path, O_RDONLY);
    const struct stat st = sys::fstat(self.get(), own_path);
    if (is_sealed(self.get()) || is_out_of_reach(st)) return;
    const std::string path = sys::find_link_at(AT_FDCWD, own_path).value_or("");
    if (::setenv(origin_variable, path.c_str(), 1) != 0) throw SysError{errno, "setenv"};
    const UniqueFd copy = sealed_copy(self.get(), st.st_size);
    ::syscall(SYS_execveat, copy.get(), "", argv, environ, AT_EMPTY_PATH);
    throw SysError{errno, "execute ctl's sealed copy"};
}

} // namespace lib
