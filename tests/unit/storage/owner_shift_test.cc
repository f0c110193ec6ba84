#include "storage/owner_shift.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using storage::IdShift;
using storage::parse_id_shift;

TEST_CASE("the text of a shift is read back as the same shift") {
    for (const IdShift& shift : {IdShift{}, IdShift{{{0, 1, 1000}, {1000, 0, 1}}, {{0, 1, 4294967295}}}, IdShift{{}, {{5, 6, 7}}}})
        CHECK(parse_id_shift(shift.text()) == shift);
}

TEST_CASE("what is no shift is refused") {
    for (const char* text : {"", ";", "u", "g;u", "u0:1;g", "u0:1:2:3;g", "u0:1:2,;g", "u,;g", "u0:1:x;g", "u-1:1:1;g", "u0:1:4294967296;g", "u;g;"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_id_shift(text), Error);
    }
}

namespace {

/// An access control list's entry as getxattr(2) has it.
std::string acl_entry(std::uint16_t tag, std::uint16_t rights, std::uint32_t id) {
    const std::uint64_t all = std::uint64_t{id} << 32U | std::uint64_t{rights} << 16U | tag;
    std::string text;
    for (unsigned byte = 0; byte < 8; ++byte) text += static_cast<char>(all >> 8 * byte & 255U);
    return text;
}

} // namespace

TEST_CASE("access control lists name the shifted users and groups, and who has no number has no rights") {
    const IdShift shift{{{0, 1, 1000}, {1000, 0, 1}}, {{0, 500, 10}}};
    const std::string head("\2\0\0\0", 4);
    std::string acl = head + acl_entry(1, 6, UINT32_MAX) + acl_entry(2, 4, 1000) + acl_entry(2, 6, 5) + acl_entry(2, 7, 70000) + acl_entry(4, 0, UINT32_MAX) +
                      acl_entry(8, 4, 7) + acl_entry(16, 4, UINT32_MAX) + acl_entry(32, 0, UINT32_MAX);
    storage::shift_acl(acl, shift);
    CHECK(acl == head + acl_entry(1, 6, UINT32_MAX) + acl_entry(2, 4, 0) + acl_entry(2, 6, 6) + acl_entry(2, 0, 65534) + acl_entry(4, 0, UINT32_MAX) +
                     acl_entry(8, 4, 507) + acl_entry(16, 4, UINT32_MAX) + acl_entry(32, 0, UINT32_MAX));
}

TEST_CASE("what is no access control list stays as it is") {
    const IdShift shift{{{0, 1, 10}}, {{0, 1, 10}}};
    for (const std::string& text : {std::string(), std::string("\2\0", 2), std::string("\1\0\0\0", 4) + acl_entry(2, 4, 3), std::string("\2\0\0\0\2\0\4", 7)}) {
        std::string value = text;
        storage::shift_acl(value, shift);
        CHECK(value == text);
    }
}
