// A blob on its way from a registry into the unpacker, kept beside in partial/<hex> until its layer is in the store.
//
// A pull that was killed leaves the file behind; the next one reads what is there, hashing it again, and asks the registry
// for the rest. The file is flock'd while in use. It is removed once the layer is published, and when its content is
// found wrong; it stays when the network failed.
#pragma once

#include "base/lock.h"
#include "base/oci/manifest.h"
#include "base/unique_fd.h"
#include "lib/worker/layers.h"
#include "storage/digest.h"
#include "storage/store.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lib::worker {

/// partial/, made where it is missing.
UniqueFd open_partial_dir(const storage::Store& store);
/// The lock of one download, waited for while another process is at it.
FileLock lock_partial(int dir, const oci::Digest& digest, Report& report);
/// What an earlier pull left of a blob of `size` bytes; more than the whole blob is not ours to understand and is dropped.
std::uint64_t kept_bytes(int fd, std::uint64_t size);
void write_at(int fd, std::span<const std::byte> bytes, std::uint64_t offset);

class PartialDownload : public LayerSource {
public:
    /// The blob's bytes from an offset on, as they come; a TransferError says that the network failed.
    using OpenBlob = std::function<std::unique_ptr<storage::ByteSource>(const oci::Descriptor&, std::uint64_t offset)>;

    /// Waits for the file's lock. store, report and cancelled must outlive this.
    PartialDownload(OpenBlob open_blob, const storage::Store& store, const oci::Descriptor& descriptor, Report& report,
                    const std::atomic<bool>& cancelled);

    /// Throws Error in place of the end when size or digest are not those of the descriptor.
    std::size_t read(std::span<std::byte> into) override;
    void accepted() override;
    bool rejected() override;

private:
    std::size_t read_kept(std::span<std::byte> into);
    std::size_t read_network(std::span<std::byte> into);
    void verify();
    void remove() noexcept;

    const OpenBlob open_blob_;
    const oci::Descriptor descriptor_;
    Report& report_;
    const std::atomic<bool>& cancelled_;
    UniqueFd dir_;
    FileLock file_;
    std::uint64_t kept_;         ///< bytes an earlier pull left
    std::uint64_t position_ = 0; ///< bytes delivered
    std::unique_ptr<storage::ByteSource> stream_;
    storage::Sha256 sha_;
    bool interrupted_ = false;   ///< the network failed, or another layer did
    bool verified_ = false;      ///< the digest matched at the end
};

} // namespace lib::worker
