// See storage/checksum.h.
#include "storage/checksum.h"

#ifdef CTL_HAVE_ISAL
#include <isa-l/crc64.h>
#endif

#include <array>

namespace storage {
namespace {

constexpr std::uint64_t polynomial = 0xC96C5795D7870F42; // ECMA-182's, reflected

constexpr std::array<std::uint64_t, 256> make_table() {
    std::array<std::uint64_t, 256> table{};
    for (std::uint64_t i = 0; i < table.size(); ++i) {
        std::uint64_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
        table[i] = value;
    }
    return table;
}
constexpr auto table = make_table();

} // namespace

std::uint64_t crc64_update_plain(std::uint64_t crc, std::span<const std::byte> bytes) noexcept {
    crc = ~crc;
    for (const std::byte b : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<std::uint64_t>(b)) & 0xff];
    return ~crc;
}

std::uint64_t crc64_update(std::uint64_t crc, std::span<const std::byte> bytes) noexcept {
#ifdef CTL_HAVE_ISAL
    return ::crc64_ecma_refl(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
#else
    return crc64_update_plain(crc, bytes);
#endif
}

} // namespace storage
