// Finding a flow by its addresses and ports: an open-addressing hash of slab indices, keyed against chosen collisions.
#pragma once

#include "netstack/siphash.h"
#include "netstack/wire/address.h"

#include <cstdint>

namespace netstack {

/// The two ends of a flow as the container sees it. Echo flows have their id as the container's port, and 0 as the other.
struct FlowKey {
    wire::Address container;
    wire::Address remote;
    std::uint16_t container_port = 0;
    std::uint16_t remote_port = 0;
    bool operator==(const FlowKey&) const noexcept = default;

    std::uint32_t hash(const HashKey& key) const noexcept {
        std::array<std::byte, 40> bytes{};
        wire::store_bytes(bytes, 0, container.all());
        wire::store_bytes(bytes, 16, remote.all());
        wire::store16(bytes, 32, container_port);
        wire::store16(bytes, 34, remote_port);
        return static_cast<std::uint32_t>(siphash(key, bytes));
    }
};

/// Maps keys to indices; the keys themselves are in the entries: `key_of(index)` returns them. At most half full.
class FlowIndex {
public:
    static constexpr std::uint32_t none = UINT32_MAX;

    FlowIndex() noexcept = default;
    FlowIndex(const FlowIndex&) = delete;
    FlowIndex& operator=(const FlowIndex&) = delete;
    ~FlowIndex();

    /// 0 or errno. Once; for at most `capacity` entries.
    [[nodiscard]] int reserve(std::uint32_t capacity) noexcept;

    template <class KeyOf>
    std::uint32_t find(const FlowKey& key, KeyOf key_of) const noexcept {
        const std::uint32_t hash = key.hash(key_);
        for (std::uint32_t at = hash & mask_; slots_[at].used != 0; at = (at + 1) & mask_)
            if (slots_[at].hash == hash && key_of(slots_[at].index) == key) return slots_[at].index;
        return none;
    }
    void insert(const FlowKey& key, std::uint32_t index) noexcept;
    void erase(const FlowKey& key, std::uint32_t index) noexcept;

private:
    struct Slot {
        std::uint32_t hash;
        std::uint32_t index;
        std::uint32_t used;
    };
    HashKey key_{};
    Slot* slots_ = nullptr;
    std::uint32_t mask_ = 0;
};

} // namespace netstack
