// See storage/fuse/splice.h.
#include "storage/fuse/splice.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace storage::fuse {
namespace {

constexpr int pipe_size = 1 << 18;
constexpr std::size_t largest = pipe_size - (2 << 12); // the header has a page of its own, and content may begin in the middle of one
constexpr std::size_t smallest = 1 << 16;              // for less the calls that it takes cost more than copying

/// Whether the file has a byte there, and nothing needs to be read from the disk for it.
bool has_in_memory(int file, off_t offset) noexcept {
    char byte = 0;
    const iovec one{&byte, 1};
    return ::preadv2(file, &one, 1, offset, RWF_NOWAIT) == 1;
}

} // namespace

bool Splicer::send(int device, std::uint64_t unique, int file, std::size_t size, off_t offset) noexcept {
    if (size < smallest || size > largest || !has_in_memory(file, offset) || !has_in_memory(file, offset + static_cast<off_t>(size) - 1)) return false;
    const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    if (!lock || unfit_) return false;
    if (!pipe_.write) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        pipe_ = {UniqueFd(ends[0]), UniqueFd(ends[1])};
        if ((unfit_ = ::fcntl(pipe_.write.get(), F_SETPIPE_SZ, pipe_size) < pipe_size)) pipe_ = {}; // the user has many pipes
        if (unfit_) return false;
    }
    if (!fill(unique, file, size, offset)) {
        pipe_ = {};
        return false;
    }
    if (::splice(pipe_.read.get(), nullptr, device, nullptr, sizeof(fuse_out_header) + size, 0) >= 0) return true;
    const bool is_interrupted = errno == ENOENT; // nobody waits
    pipe_ = {};
    return is_interrupted;
}

bool Splicer::fill(std::uint64_t unique, int file, std::size_t size, off_t offset) noexcept {
    fuse_out_header header{};
    header.len = static_cast<std::uint32_t>(sizeof header + size);
    header.unique = unique;
    if (::write(pipe_.write.get(), &header, sizeof header) != sizeof header) return false;
    while (size > 0) {
        const ssize_t got = ::splice(file, &offset, pipe_.write.get(), nullptr, size, SPLICE_F_NONBLOCK);
        if (got <= 0) return false;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

} // namespace storage::fuse
