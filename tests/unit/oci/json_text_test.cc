#include "base/oci/json_text.h"

#include "base/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

using oci::JsonKeys;
using oci::parse_json_text;

TEST_CASE("duplicate keys are refused at every depth") {
    CHECK_THROWS_WITH_AS(parse_json_text(R"({"a":1,"a":1})", "doc"), "doc: the JSON key \"a\" is there twice", Error);
    CHECK_THROWS_AS(parse_json_text(R"({"x":[{"b":{"a":1,"a":2}}]})", "doc"), Error);
    CHECK(parse_json_text(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", "doc").size() == 2);
}

TEST_CASE("keys that differ in case only are refused where asked, but never among annotations") {
    CHECK_THROWS_AS(parse_json_text(R"({"config":1,"Config":2})", "doc", JsonKeys::distinct_ignoring_case), Error);
    CHECK(parse_json_text(R"({"Volumes":{"/a":{},"/A":{}}})", "doc").size() == 1);
    CHECK(parse_json_text(R"({"annotations":{"k":"1","K":"2"},"x":1})", "doc", JsonKeys::distinct_ignoring_case).size() == 2);
    CHECK_THROWS_AS(parse_json_text(R"({"annotations":{"k":"1","k":"2"}})", "doc", JsonKeys::distinct_ignoring_case), Error);
    CHECK_THROWS_AS(parse_json_text(R"({"annotations":{"k":"1"},"x":{"k":1,"K":2}})", "doc", JsonKeys::distinct_ignoring_case), Error);
}

TEST_CASE("depth and size have limits") {
    std::string deep(1000000, '[');
    CHECK_THROWS_WITH_AS(parse_json_text(R"({"a":)" + deep, "doc"), "doc: JSON nested deeper than 32 levels", Error);
    CHECK_THROWS_WITH_AS(parse_json_text(std::string(5 << 20, ' '), "doc"), "doc: larger than 4194304 bytes", Error);
}

TEST_CASE("what is no JSON is refused with the place, in our words") {
    CHECK_THROWS_WITH_AS(parse_json_text("<html>", "doc"), "doc: not valid JSON: it begins with \"<\", as HTML and XML do", Error);
    CHECK_THROWS_WITH_AS(parse_json_text("{\n \"a\": x}", "doc"), "doc: not valid JSON: unexpected \"x\" at line 2, column 7", Error);
    CHECK_THROWS_WITH_AS(parse_json_text("{} x", "doc"), "doc: not valid JSON: unexpected \"x\" at line 1, column 4", Error);
    CHECK_THROWS_WITH_AS(parse_json_text("{\"a\": ", "doc"), "doc: not valid JSON: it ends too early", Error);
    CHECK_THROWS_WITH_AS(parse_json_text(" \n", "doc"), "doc: not valid JSON: it is empty", Error);
    CHECK_THROWS_WITH_AS(parse_json_text("{\"a\": 1e999}", "doc"), "doc: not valid JSON: it has a number that is out of range", Error);
}

TEST_CASE("what is not a JSON object is refused") {
    for (const char* text : {"", "[]", "1", "null", "{", "{\"a\":1} x", "{\"a\":\"\xff\"}", "\"x\""})
        CHECK_THROWS_AS(parse_json_text(text, "doc"), Error);
}
