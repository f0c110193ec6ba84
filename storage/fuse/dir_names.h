// Reading a directory by getdents64(2): readdir(3) would want a descriptor of its own each time. Private to storage/fuse.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace storage::fuse {

/// What getdents64(2) fills in, before the name.
struct DirentHead {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t length;
    unsigned char type;
};
constexpr std::size_t name_offset = 19; // the kernel's struct has no padding before d_name

/// Every name in the directory but "." and "..": `each(name, type)` returns 0 or an errno, which ends it.
template <class Each>
inline int for_each_name(int fd, Each each) {
    if (::lseek(fd, 0, SEEK_SET) != 0) return errno;
    alignas(8) std::array<char, 32768> buffer;
    for (;;) {
        const long filled = ::syscall(SYS_getdents64, fd, buffer.data(), buffer.size());
        if (filled <= 0) return filled == 0 ? 0 : errno;
        for (std::size_t at = 0; at < static_cast<std::size_t>(filled);) {
            DirentHead head;
            std::memcpy(&head, buffer.data() + at, name_offset);
            const std::string_view name = buffer.data() + at + name_offset;
            at += head.length;
            if (name == "." || name == "..") continue;
            if (const int error = each(std::string(name), head.type)) return error;
        }
    }
}

} // namespace storage::fuse
