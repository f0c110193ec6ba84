// See base/empty_root.h.
#include "base/empty_root.h"

#include "base/error.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace {

/// Any directory would do; this one is there whatever the root is.
constexpr const char* place = "/proc";

void must(long result, const char* doing) {
    if (result != 0) throw SysError{errno, doing};
}

} // namespace

bool enter_empty_root() {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "keep mounts to this process");
    must(::mount("none", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "mode=555"), "mount an empty directory");
    must(::chdir(place), "enter an empty directory");
    // pivot_root(2), "pivot_root(".", ".")": the old root lies over the new one, and goes.
    must(::syscall(SYS_pivot_root, ".", "."), "make an empty directory the root");
    must(::umount2(".", MNT_DETACH), "let go of all files");
    must(::chdir("/"), "enter the empty root");
    return true;
}
