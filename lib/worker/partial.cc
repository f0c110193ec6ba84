// Downloads that can be taken up again, see lib/worker/partial.h.
#include "lib/worker/partial.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/registry/http.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lib::worker {
namespace {

constexpr std::chrono::minutes patience{60}; ///< for another pull of the same blob

} // namespace

UniqueFd open_partial_dir(const storage::Store& store) {
    const std::string path = store.path("partial");
    sys::ensure_dir(path, 0700);
    return files::open_dir(path);
}

void write_at(int fd, std::span<const std::byte> bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw SysError{errno, "write partial download"};
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

std::uint64_t kept_bytes(int fd, std::uint64_t size) {
    const auto kept = static_cast<std::uint64_t>(sys::fstat(fd, "partial download").st_size);
    if (kept <= size) return kept;
    if (::ftruncate(fd, 0) != 0) throw SysError{errno, "truncate partial download"};
    return 0;
}

FileLock lock_partial(int dir, const oci::Digest& digest, Report& report) {
    return FileLock::acquire(dir, digest.hex(), FileLock::Mode::exclusive, patience, [&](const std::string& sentence) { report.notice(sentence); });
}

PartialDownload::PartialDownload(OpenBlob open_blob, const storage::Store& store, const oci::Descriptor& descriptor,
                                 Report& report, const std::atomic<bool>& cancelled)
    : open_blob_(std::move(open_blob)), descriptor_(descriptor), report_(report), cancelled_(cancelled), dir_(open_partial_dir(store)),
      file_(lock_partial(dir_.get(), descriptor.digest, report)), kept_(kept_bytes(file_.fd(), descriptor.size)) {}

std::size_t PartialDownload::read_kept(std::span<std::byte> into) {
    into = into.first(std::min<std::uint64_t>(into.size(), kept_ - position_));
    ssize_t count = 0;
    do count = ::pread(file_.fd(), into.data(), into.size(), static_cast<off_t>(position_));
    while (count < 0 && errno == EINTR);
    if (count < 0) throw SysError{errno, "read partial download"};
    if (count == 0) throw Error("partial download: shrank while it was read");
    return static_cast<std::size_t>(count);
}

std::size_t PartialDownload::read_network(std::span<std::byte> into) {
    if (!stream_) stream_ = open_blob_(descriptor_, position_);
    try {
        const std::size_t count = stream_->read(into);
        write_at(file_.fd(), into.first(count), position_);
        return count;
    } catch (const registry::TransferError&) {
        interrupted_ = true;
        throw;
    }
}

void PartialDownload::verify() {
    if (verified_) return;
    verified_ = sha_.finish_digest() == descriptor_.digest.str();
    if (!verified_)
        throw Error("the registry sent content with another digest than ", descriptor_.digest.str());
}

std::size_t PartialDownload::read(std::span<std::byte> into) {
    if (cancelled_) {
        interrupted_ = true;
        throw Error("cancelled");
    }
    const std::size_t count = position_ < kept_ ? read_kept(into) : read_network(into);
    sha_.update(into.first(count));
    position_ += count;
    if (count == 0 && !into.empty()) verify();
    report_.layer(descriptor_.digest.str(), position_ == descriptor_.size ? LayerState::unpacking : LayerState::downloading,
                  position_, descriptor_.size);
    return count;
}

void PartialDownload::remove() noexcept { ::unlinkat(dir_.get(), descriptor_.digest.hex().c_str(), 0); }

void PartialDownload::accepted() { remove(); }

/// Bytes of an earlier pull that were never proven right may be what is wrong (a power cut can leave zeros).
bool PartialDownload::rejected() {
    if (interrupted_) return false;
    remove();
    return kept_ > 0 && !verified_;
}

} // namespace lib::worker
