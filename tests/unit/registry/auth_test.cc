#include "lib/registry/auth.h"

#include <doctest/doctest.h>

#include <string>

using namespace lib::registry;

namespace {

std::string failure_of_url(const std::string& header) {
    try {
        return token_url(parse_challenges(header), "library/nginx").str();
    } catch (const Error& e) {
        return e.what();
    }
}

} // namespace

TEST_CASE("challenges as registries send them") {
    const auto hub = parse_challenges(R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io")");
    REQUIRE(hub.size() == 1);
    CHECK(hub[0].scheme == "bearer");
    CHECK(hub[0].parameters.at("realm") == "https://auth.docker.io/token");
    CHECK(hub[0].parameters.at("service") == "registry.docker.io");

    const auto two = parse_challenges(R"(Basic realm="a, b", Bearer REALM=https://x/t , scope="a:b:c,d" ,error="say \"no\"")");
    REQUIRE(two.size() == 2);
    CHECK(two[0].parameters.at("realm") == "a, b");
    CHECK(two[1].parameters.at("realm") == "https://x/t");
    CHECK(two[1].parameters.at("scope") == "a:b:c,d");
    CHECK(two[1].parameters.at("error") == "say \"no\"");
}

TEST_CASE("what is no challenge ends the list") {
    CHECK(parse_challenges("").empty());
    CHECK(parse_challenges("=x").empty());
    CHECK(parse_challenges("realm=\"x\"").empty());
    CHECK(parse_challenges("\x01\x02").size() <= 1);
    CHECK(parse_challenges("Bearer realm=\"unclosed").at(0).parameters.at("realm") == "unclosed");
}

TEST_CASE("the token is asked for with service and scope, escaped") {
    CHECK(failure_of_url(R"(Bearer realm="https://auth.example/token",service="a b&c")")
          == "https://auth.example:443/token?service=a%20b%26c&scope=repository%3Alibrary%2Fnginx%3Apull");
    CHECK(failure_of_url(R"(Bearer realm="https://auth.example/t?x=1")")
          == "https://auth.example:443/t?x=1&scope=repository%3Alibrary%2Fnginx%3Apull");
}

TEST_CASE("realms and schemes that cannot be answered are refused") {
    CHECK(failure_of_url("Basic realm=\"x\"").find("login (basic)") != std::string::npos);
    CHECK(failure_of_url("").find("login") != std::string::npos);
    for (const char* realm : {"", "file:///etc/passwd", "https://user:secret@host/t", "ftp://host/", "//host/t", "https:// host/t"})
        CHECK(failure_of_url(cat("Bearer realm=\"", realm, "\"")).find("which is no URL") != std::string::npos);
}

TEST_CASE("tokens that cannot stand in a header are refused") {
    CHECK(parse_token(R"({"token":"abc.def"})") == "abc.def");
    CHECK(parse_token(R"({"access_token":"abc"})") == "abc");
    for (const char* body : {"{}", R"({"token":""})", R"({"token":"a\r\nX: y"})", R"({"token":3})", "[]", R"({"token":"a b"})"})
        CHECK_THROWS_AS(parse_token(body), Error);
}
