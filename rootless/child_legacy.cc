// Zone C: mount(2) where the new mount calls are missing: kernels before 5.12, and sandboxes whose filter does not know them.
//
// Both ends of a mount are given as /proc/self/fd/N of descriptors that were checked before, so no path is walked here.
// What this cannot do: make the mounts below a bind read-only with it, as mount_setattr(AT_RECURSIVE) does.
#include "rootless/child_internal.h"

#include <sys/mount.h>
#include <sys/statfs.h>

namespace rootless::child::legacy {

unsigned long flags(std::uint64_t attributes) noexcept {
    unsigned long flags = 0;
    if (attributes & MOUNT_ATTR_RDONLY) flags |= MS_RDONLY;
    if (attributes & MOUNT_ATTR_NOSUID) flags |= MS_NOSUID;
    if (attributes & MOUNT_ATTR_NODEV) flags |= MS_NODEV;
    if (attributes & MOUNT_ATTR_NOEXEC) flags |= MS_NOEXEC;
    if (attributes & MOUNT_ATTR_NODIRATIME) flags |= MS_NODIRATIME;
    if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME) flags |= MS_NOATIME;
    if ((attributes & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME) flags |= MS_STRICTATIME;
    return flags;
}

errint mount_fs(const char* type, const FsOption* options, std::uint64_t attributes, int target) noexcept {
    char data[1024] = "";
    std::size_t used = 0;
    for (const FsOption* o = options; o != nullptr && o->key != nullptr; ++o) {
        const int n = ::snprintf(data + used, sizeof data - used, "%s%s%s%s", used != 0 ? "," : "", o->key,
                                 o->value != nullptr ? "=" : "", o->value != nullptr ? o->value : "");
        used += static_cast<std::size_t>(n);
        if (n < 0 || used >= sizeof data) return -E2BIG;
    }
    return checked(::mount(type, FdPath(target).text, type, flags(attributes), data));
}

errint bind(int source, int target, unsigned recursive) noexcept {
    unsigned long how = MS_BIND;
    if (recursive != 0) how |= MS_REC;
    return checked(::mount(FdPath(source).text, FdPath(target).text, nullptr, how, nullptr));
}

errint add_attributes(int mounted, std::uint64_t attributes) noexcept {
    if (attributes == 0) return 0;
    // A remount says all flags anew, and those that came with the host's mount are locked: leaving one out is EPERM.
    struct statfs fs {};
    if (::fstatfs(mounted, &fs) != 0) return -errno;
    const unsigned long kept = static_cast<unsigned long>(fs.f_flags) & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
    return checked(::mount(nullptr, FdPath(mounted).text, nullptr, MS_BIND | MS_REMOUNT | kept | flags(attributes), nullptr));
}

} // namespace rootless::child::legacy
