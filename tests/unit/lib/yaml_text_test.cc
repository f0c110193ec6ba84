// YAML as JSON: scalars by their looks, and documents that must not be taken.
#include "lib/yaml_text.h"

#include "base/error.h"
#include "tests/unit/lib/error_text.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using lib::parse_yaml_text;
using nlohmann::json;

TEST_CASE("plain scalars are what they look like, quoted ones are texts") {
    const json document = parse_yaml_text("a: 1\nb: '1'\nc: true\nd: \"true\"\ne: ~\nf: 0.6.0\ng: -2\nh: [x, {y: z}]\n", "f");
    CHECK(document == json::parse(R"({"a":1,"b":"1","c":true,"d":"true","e":null,"f":"0.6.0","g":-2,"h":["x",{"y":"z"}]})"));
    CHECK(document["a"].is_number_unsigned());
}

TEST_CASE("anchors are followed, but not into a bomb") {
    CHECK(parse_yaml_text("a: &x [1]\nb: *x\n", "f") == json::parse(R"({"a":[1],"b":[1]})"));
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
        bomb += "]\n";
    }
    CHECK_THROWS_AS(parse_yaml_text(bomb, "f"), Error);
}

TEST_CASE("what is no document is an error with the file and the line") {
    for (const char* text : {"a: [", "a: 1\na: 2\n", "? [x]\n: 1\n", "a: 1\n---\nb: 2\n", ""}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_yaml_text(text, "f"), Error);
    }
}
