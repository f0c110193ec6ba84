// See storage/fuse/copy_content.h.
#include "storage/fuse/copy_content.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace storage::fuse {
namespace {

int read_and_write(int from, int to, off_t start, off_t end) {
    std::array<char, 131072> buffer;
    while (start < end) {
        const auto wanted = static_cast<std::size_t>(std::min<off_t>(end - start, buffer.size()));
        const ssize_t got = ::pread(from, buffer.data(), wanted, start);
        if (got == 0) return 0; // shorter than it was said to be: the rest is a hole
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        for (ssize_t done = 0; done < got;) {
            const ssize_t put = ::pwrite(to, buffer.data() + done, static_cast<std::size_t>(got - done), start + done);
            if (put < 0 && errno != EINTR) return errno;
            done += std::max<ssize_t>(put, 0);
        }
        start += got;
    }
    return 0;
}

int copy_range(int from, int to, off_t start, off_t end) {
    off_t in = start, out = start;
    while (in < end) {
        const ssize_t copied = ::copy_file_range(from, &in, to, &out, static_cast<std::size_t>(end - in), 0);
        if (copied > 0 || (copied < 0 && errno == EINTR)) continue;
        if (copied == 0) return 0;
        // Two file systems, or one that has no such call: whatever the reason, reading and writing says what it is.
        return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? errno : read_and_write(from, to, in, end);
    }
    return 0;
}

} // namespace

int copy_content(int from, int to, off_t size) {
    if (size == 0) return 0;
    if (::ioctl(to, FICLONE, from) == 0) return ::ftruncate(to, size) == 0 ? 0 : errno;
    if (::ftruncate(to, size) != 0) return errno;
    for (off_t at = 0; at < size;) {
        const off_t data = ::lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) return 0; // the rest is a hole
        if (data < 0) return copy_range(from, to, at, size);
        const off_t hole = ::lseek(from, data, SEEK_HOLE);
        const off_t end = hole < 0 ? size : std::min(hole, size);
        if (const int error = data < end ? copy_range(from, to, data, end) : 0) return error;
        at = std::max(end, data);
    }
    return 0;
}

} // namespace storage::fuse
