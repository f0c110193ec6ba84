// Bounded buffers of a flow: rings in blocks that all flows share. A flow has a block only while bytes are in it.
#pragma once

#include "netstack/wire/bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace netstack::tcp {

/// Two pieces that follow each other: what a ring has, or has room for, around its end.
template <class Span>
struct Pieces {
    Span first;
    Span second;
    std::size_t size() const noexcept { return first.size() + second.size(); }
};

/// Blocks of one size, reserved once; a page is resident only when it was written to. The fewer blocks are left, the less
/// of each new one is used: thousands of flows with data on the way share some hundred MiB at most.
class BlockPool {
public:
    static constexpr std::uint32_t block_size = 1 << 20; ///< bytes of address space
    static constexpr std::uint32_t none = UINT32_MAX;

    BlockPool() noexcept = default;
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;
    ~BlockPool();

    /// 0 or errno. Once, before any other call. `largest` is what a block may hold while few are out, at most block_size.
    [[nodiscard]] int reserve(std::uint32_t blocks, std::uint32_t largest) noexcept;

    /// A block's number, or `none`.
    std::uint32_t take() noexcept;
    void give_back(std::uint32_t block) noexcept;
    std::byte* address(std::uint32_t block) const noexcept { return memory_ + std::size_t{block} * block_size; }
    /// Bytes to be used of the next block.
    std::uint32_t capacity() const noexcept;
    std::uint32_t out() const noexcept { return used_; }
    /// Returns the memory of idle blocks to the system; when nothing happens.
    void trim() noexcept;

private:
    struct Entry {
        std::uint32_t next;
        std::uint32_t dirty; ///< written to since its memory was returned
    };
    std::byte* memory_ = nullptr;
    Entry* entries_ = nullptr;
    std::uint32_t blocks_ = 0;
    std::uint32_t largest_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t touched_ = 0; ///< blocks from here on were never used
    std::uint32_t free_ = none; ///< last returned first: its pages are in the cache
};

/// A queue of bytes in a block. Without one it is empty.
class Ring {
public:
    std::uint32_t size() const noexcept { return size_; }
    bool has_block() const noexcept { return block_ != BlockPool::none; }
    std::uint32_t capacity() const noexcept { return capacity_; }
    std::uint32_t free() const noexcept { return capacity_ - size_; }

    /// False when the pool has no block; true when it has one already.
    [[nodiscard]] bool ensure_block(BlockPool& pool) noexcept;
    /// Gives the block back if nothing is in it.
    void release_if_empty(BlockPool& pool) noexcept;
    void drop(BlockPool& pool) noexcept;

    Pieces<wire::MutableBytes> room(BlockPool& pool) noexcept;
    void commit(std::uint32_t count) noexcept { size_ += count; } ///< `count` bytes of room() were written
    /// As many as fit.
    std::uint32_t append(BlockPool& pool, wire::Bytes bytes) noexcept;
    /// `offset` + `count` is at most size().
    Pieces<wire::Bytes> peek(const BlockPool& pool, std::uint32_t offset, std::uint32_t count) const noexcept;
    void consume(std::uint32_t count) noexcept;

    // ---- bytes behind a gap: they have their place, and do not count yet

    /// From here on bytes stay where they are, and the block with them, though the ring be empty.
    void pin() noexcept { pinned_ = true; }
    void unpin() noexcept;
    bool is_pinned() const noexcept { return pinned_; }
    /// `offset` behind the last byte; with the bytes' size at most free(). commit() makes them count.
    void place(BlockPool& pool, std::uint32_t offset, wire::Bytes bytes) noexcept;
    /// Room of the block that no ring uses; nothing where it is smaller than that.
    std::byte* behind(const BlockPool& pool, std::size_t size) const noexcept;

private:
    Pieces<wire::MutableBytes> room_from(BlockPool& pool, std::uint32_t offset) noexcept;

    std::uint32_t block_ = BlockPool::none;
    std::uint32_t capacity_ = 0;
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0;
    bool pinned_ = false;
};

} // namespace netstack::tcp
