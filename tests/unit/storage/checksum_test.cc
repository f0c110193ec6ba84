#include "storage/checksum.h"

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <string_view>

namespace {
std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
} // namespace

TEST_CASE("the checksum is CRC-64/XZ, with ISA-L and without, in one piece or in several") {
    for (const auto update : {storage::crc64_update, storage::crc64_update_plain}) {
        CHECK(update(0, bytes("123456789")) == 0x995dc9bbdf1939fa); // the check value of the CRC catalogue
        CHECK(update(update(0, bytes("1234")), bytes("56789")) == 0x995dc9bbdf1939fa);
        CHECK(update(0, {}) == 0);
    }
    const std::string long_one(100003, 'x');
    for (std::size_t at : {0U, 1U, 15U, 16U, 4095U})
        CHECK(storage::crc64_update(7, bytes(long_one).subspan(at)) == storage::crc64_update_plain(7, bytes(long_one).subspan(at)));
}
