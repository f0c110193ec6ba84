#include "storage/owner_shift.h"

#include "base/error.h"

#include <doctest/doctest.h>

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
