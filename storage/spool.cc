// See storage/spool.h.
#include "storage/spool.h"

#include "base/error.h"
#include "base/sys.h"
#include "storage/digest.h"
#include "storage/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

namespace storage {
namespace {

class SpoolSource : public ByteSource {
public:
    SpoolSource(int fd, std::uint64_t offset) : fd_(fd), offset_(offset) {}
    std::size_t read(std::span<std::byte> into) override {
        ssize_t count = 0;
        do count = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset_));
        while (count < 0 && errno == EINTR);
        if (count < 0) throw SysError{errno, "read a temporary file"};
        offset_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
    }

private:
    int fd_;
    std::uint64_t offset_;
};

} // namespace

Spool::Spool(ByteSource& source, const std::string& dir, const std::function<void(std::uint64_t)>& progress)
    : fd_(sys::open(dir, O_TMPFILE | O_RDWR, 0600)) {
    Sha256 sha;
    std::vector<std::byte> chunk(256 << 10);
    while (const std::size_t count = source.read(chunk)) {
        const auto bytes = std::span(chunk).first(count);
        sha.update(bytes);
        try {
            sys::write_all(fd_.get(), std::string_view(reinterpret_cast<const char*>(bytes.data()), count), cat("a temporary file in ", dir));
        } catch (const SysError& e) {
            explain_full_store(e, dir);
            throw;
        }
        size_ += count;
        if (progress) progress(size_);
    }
    digest_ = sha.finish_digest();
}

std::unique_ptr<ByteSource> Spool::open(std::uint64_t offset) const { return std::make_unique<SpoolSource>(fd_.get(), offset); }

} // namespace storage
