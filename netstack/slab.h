// A bounded table of flows: fixed address, no allocation after the start, stale references told apart by generation.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>

namespace netstack {

/// Memory is reserved once and becomes resident only as far as entries were ever in use at the same time.
template <class T>
class Slab {
    struct Slot {
        alignas(T) std::byte storage[sizeof(T)];
        std::uint32_t generation;
        std::uint32_t next_free;
        T& value() noexcept { return *std::launder(reinterpret_cast<T*>(storage)); }
    };

public:
    static constexpr std::size_t entry_size = sizeof(Slot); ///< bytes for each entry

    Slab() noexcept = default;
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;
    ~Slab() {
        clear();
        if (slots_ != nullptr) ::munmap(slots_, capacity_ * sizeof(Slot));
    }

    /// 0 or errno. Once, before any other call.
    [[nodiscard]] int reserve(std::uint32_t capacity) noexcept {
        void* memory = ::mmap(nullptr, capacity * sizeof(Slot), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) return errno;
        slots_ = static_cast<Slot*>(memory);
        capacity_ = capacity;
        return 0;
    }

    bool full() const noexcept { return used_ == capacity_; }
    std::uint32_t used() const noexcept { return used_; }

    /// A new entry's index. Not when full().
    std::uint32_t take() noexcept {
        std::uint32_t index = free_;
        if (index != none)
            free_ = slots_[index].next_free;
        else
            index = touched_++;
        Slot& slot = slots_[index];
        new (slot.storage) T;
        ++slot.generation; // odd: in use
        ++used_;
        return index;
    }

    void give_back(std::uint32_t index) noexcept {
        Slot& slot = slots_[index];
        slot.value().~T();
        ++slot.generation;
        slot.next_free = free_;
        free_ = index;
        --used_;
    }

    T& operator[](std::uint32_t index) noexcept { return slots_[index].value(); }

    /// Different for every use of an index (until 2^31 uses of one entry), never 0 for one in use.
    std::uint32_t generation(std::uint32_t index) const noexcept { return slots_[index].generation; }
    /// nullptr when that use of the entry is over.
    T* find(std::uint32_t index, std::uint32_t generation) noexcept {
        if (index >= touched_ || slots_[index].generation != generation) return nullptr;
        return &slots_[index].value();
    }

    /// Calls `visit(index)` for every entry in use; it may give that entry back.
    template <class Visit>
    void for_each(Visit visit) noexcept {
        for (std::uint32_t index = 0; index < touched_; ++index)
            if (slots_[index].generation % 2 == 1) visit(index);
    }

    void clear() noexcept {
        for_each([this](std::uint32_t index) { give_back(index); });
    }

private:
    static constexpr std::uint32_t none = UINT32_MAX;

    Slot* slots_ = nullptr;
    std::uint32_t capacity_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t touched_ = 0; ///< entries from here on were never used: their pages are not there yet
    std::uint32_t free_ = none;
};

} // namespace netstack
