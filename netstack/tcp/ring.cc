// Pool and rings; see netstack/tcp/ring.h.
#include "netstack/tcp/ring.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

namespace netstack::tcp {
namespace {

void* reserve_memory(std::size_t size) noexcept {
    return ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

} // namespace

BlockPool::~BlockPool() {
    if (memory_ != nullptr) ::munmap(memory_, std::size_t{blocks_} * block_size);
    if (entries_ != nullptr) ::munmap(entries_, blocks_ * sizeof(Entry));
}

int BlockPool::reserve(std::uint32_t blocks, std::uint32_t largest) noexcept {
    void* memory = reserve_memory(std::size_t{blocks} * block_size);
    if (memory == MAP_FAILED) return errno;
    void* entries = reserve_memory(blocks * sizeof(Entry));
    if (entries == MAP_FAILED) {
        const int error = errno;
        ::munmap(memory, std::size_t{blocks} * block_size);
        return error;
    }
    memory_ = static_cast<std::byte*>(memory);
    entries_ = static_cast<Entry*>(entries);
    blocks_ = blocks;
    largest_ = largest;
    return 0;
}

std::uint32_t BlockPool::take() noexcept {
    std::uint32_t block = free_;
    if (block != none)
        free_ = entries_[block].next;
    else if (touched_ < blocks_)
        block = touched_++;
    else
        return none;
    entries_[block].dirty = 1;
    ++used_;
    return block;
}

void BlockPool::give_back(std::uint32_t block) noexcept {
    entries_[block].next = free_;
    free_ = block;
    --used_;
}

// 64 MiB for the first 64, 56 MiB for the next 448, 32 KiB for each one after them.
std::uint32_t BlockPool::capacity() const noexcept {
    const std::uint32_t share = used_ < 64 ? block_size : used_ < 512 ? block_size / 8 : block_size / 32;
    return std::min(share, largest_);
}

void BlockPool::trim() noexcept {
    for (std::uint32_t block = free_; block != none && entries_[block].dirty != 0; block = entries_[block].next) {
        ::madvise(address(block), block_size, MADV_DONTNEED);
        entries_[block].dirty = 0;
    }
}

bool Ring::ensure_block(BlockPool& pool) noexcept {
    if (has_block()) return true;
    const std::uint32_t capacity = pool.capacity();
    block_ = pool.take();
    if (block_ == BlockPool::none) return false;
    capacity_ = capacity;
    head_ = size_ = 0;
    return true;
}

void Ring::release_if_empty(BlockPool& pool) noexcept {
    if (size_ == 0 && !pinned_) drop(pool);
}

void Ring::drop(BlockPool& pool) noexcept {
    if (has_block()) pool.give_back(block_);
    *this = {};
}

Pieces<wire::MutableBytes> Ring::room(BlockPool& pool) noexcept { return room_from(pool, 0); }

Pieces<wire::MutableBytes> Ring::room_from(BlockPool& pool, std::uint32_t offset) noexcept {
    const std::uint32_t used = size_ + offset, left = capacity_ - used;
    const std::uint32_t tail = head_ + used < capacity_ ? head_ + used : head_ + used - capacity_;
    const std::uint32_t straight = std::min(left, capacity_ - tail);
    std::byte* base = pool.address(block_);
    return {{base + tail, straight}, {base, left - straight}};
}

namespace {

/// As many as fit.
std::uint32_t store(const Pieces<wire::MutableBytes>& pieces, wire::Bytes bytes) noexcept {
    const std::size_t first = std::min(bytes.size(), pieces.first.size());
    const std::size_t second = std::min(bytes.size() - first, pieces.second.size());
    wire::store_bytes(pieces.first, 0, bytes.first(first));
    wire::store_bytes(pieces.second, 0, bytes.subspan(first, second));
    return static_cast<std::uint32_t>(first + second);
}

} // namespace

std::uint32_t Ring::append(BlockPool& pool, wire::Bytes bytes) noexcept {
    const std::uint32_t count = store(room(pool), bytes);
    commit(count);
    return count;
}

void Ring::place(BlockPool& pool, std::uint32_t offset, wire::Bytes bytes) noexcept { store(room_from(pool, offset), bytes); }

void Ring::unpin() noexcept {
    pinned_ = false;
    if (size_ == 0) head_ = 0;
}

std::byte* Ring::behind(const BlockPool& pool, std::size_t size) const noexcept {
    return BlockPool::block_size - capacity_ < size ? nullptr : pool.address(block_) + (BlockPool::block_size - size);
}

Pieces<wire::Bytes> Ring::peek(const BlockPool& pool, std::uint32_t offset, std::uint32_t count) const noexcept {
    if (count == 0) return {};
    const std::uint32_t start = head_ + offset < capacity_ ? head_ + offset : head_ + offset - capacity_;
    const std::uint32_t straight = std::min(count, capacity_ - start);
    const std::byte* base = pool.address(block_);
    return {{base + start, straight}, {base, count - straight}};
}

void Ring::consume(std::uint32_t count) noexcept {
    size_ -= count;
    head_ = head_ + count < capacity_ ? head_ + count : head_ + count - capacity_;
    if (size_ == 0 && !pinned_) head_ = 0; // small transfers stay on the first pages
}

} // namespace netstack::tcp
