// What the monitor's epoll events say about their descriptor. Private to monitor_io.cc and monitor_clients.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lib {

enum class TagKind : std::uint8_t { watch, listener, standard_input, source, outlet, client };

/// 8 bits kind, 24 bits slot, 32 bits generation of the slot.
constexpr std::uint64_t tag_of(TagKind kind, std::size_t index = 0, std::uint32_t generation = 0) noexcept {
    return std::uint64_t{generation} << 32 | static_cast<std::uint64_t>(index) << 8 | static_cast<std::uint64_t>(kind);
}
constexpr TagKind kind_of(std::uint64_t tag) noexcept { return static_cast<TagKind>(tag & 0xff); }
constexpr std::size_t index_of(std::uint64_t tag) noexcept { return static_cast<std::size_t>(tag >> 8 & 0xffffff); }
constexpr std::uint32_t generation_of(std::uint64_t tag) noexcept { return static_cast<std::uint32_t>(tag >> 32); }

} // namespace lib
