// Unpacking a layer while it arrives: decompress | sha256 of the diff-id | tar reader and creator, each a thread.
//
// Everything here runs inside the store's user namespace as uid 0 of it, in a process that may use threads (the image
// worker). Nothing is visible in the store before the diff-id has matched.
#pragma once

#include "storage/byte_source.h"
#include "storage/decompress.h"
#include "storage/store.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace storage {

struct UnpackOptions {
    /// Only uid 0 and gid 0 are mapped: owners go into the index alone and the layer is marked, to be made again once
    /// there are subordinate ids.
    bool single_id = false;
    bool shared = false; ///< as storage/override_stat.h says; publishing sets it where the store is for all users
    DecompressLimits decompress;
    std::uint64_t max_entries = 4'000'000;
    std::size_t max_path = 4096;  ///< bytes
    std::size_t max_depth = 256;  ///< components
    /// Told once, in a sentence, when another process is unpacking the same layer and this one waits for it.
    std::function<void(const std::string&)> on_wait;
    /// Told now and then how many plain bytes have been unpacked in all; from the thread that called publish.
    std::function<void(std::uint64_t)> on_progress;
};

/// The right to make one layer. Held by at most one process (or thread) at a time; the kernel frees it when that dies.
/// Claim one layer after the other: a thread that waits for a claim it holds itself waits for ever.
class LayerClaim {
public:
    /// Waits while another makes the layer. nullopt: the layer is there (now), nothing to do.
    static std::optional<LayerClaim> acquire(Store& store, const std::string& diff_id, const UnpackOptions& options);

    const std::string& diff_id() const noexcept { return diff_id_; }
    Store& store() const noexcept { return *store_; }
    LayerClaim(LayerClaim&&) noexcept;
    LayerClaim& operator=(LayerClaim&&) = delete;
    ~LayerClaim();

private:
    LayerClaim(Store& store, std::string diff_id, std::string lock_name, FileLock lock)
        : store_(&store), diff_id_(std::move(diff_id)), lock_name_(std::move(lock_name)), lock_(std::move(lock)) {}
    Store* store_;
    std::string diff_id_;
    std::string lock_name_; ///< empty after a move
    std::optional<FileLock> lock_;
};

/// Unpacks `compressed` to its end and publishes the layer. Claim first, then download: that way two pulls share the work.
/// Throws Error when the content is not the claimed diff-id, is damaged, hostile or above a limit; nothing stays behind.
LayerInfo publish_layer(const LayerClaim& claim, ByteSource& compressed, const UnpackOptions& options);

/// Both in one; `compressed` is not touched when the layer is there already.
LayerInfo publish_layer(Store& store, ByteSource& compressed, const std::string& diff_id, const UnpackOptions& options);

/// A layer made here, whose diff-id is known when its last byte is. `on_digest` is told before it is visible and takes a
/// lease on it. `plain`: the tar, not compressed; made from files with this user namespace's ids.
LayerInfo publish_new_layer(Store& store, ByteSource& plain, const UnpackOptions& options,
                            const std::function<void(const std::string& diff_id)>& on_digest);

/// Store::has_layer in the mode of these options.
bool have_layer(const Store& store, const std::string& diff_id, const UnpackOptions& options);

/// One syncfs(2) for all layers of a pull, then their `synced` markers. Call it before Store::add_image.
void finish_durability(Store& store, const std::vector<std::string>& diff_ids);

} // namespace storage
