#include "lib/registry/auth.h"

#include <doctest/doctest.h>

#include <string>

using namespace lib::registry;

namespace {

std::string failure_of_url(const std::string& header) {
    try {
        return token_url(parse_challenges(header).at(0), {"repository:library/nginx:pull"}).str();
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

TEST_CASE("realms that are no URL are refused") {
    for (const char* realm : {"", "file:///etc/passwd", "https://user:secret@host/t", "ftp://host/", "//host/t", "https:// host/t"})
        CHECK(failure_of_url(cat("Bearer realm=\"", realm, "\"")).find("which is no URL") != std::string::npos);
}

TEST_CASE("tokens that cannot stand in a header are refused") {
    CHECK(parse_token(R"({"token":"abc.def"})") == "abc.def");
    CHECK(parse_token(R"({"access_token":"abc"})") == "abc");
    for (const char* body : {"{}", R"({"token":""})", R"({"token":"a\r\nX: y"})", R"({"token":3})", "[]", R"({"token":"a b"})"})
        CHECK_THROWS_AS(parse_token(body), Error);
}

TEST_CASE("challenges are found by scheme") {
    const auto both = parse_challenges(R"(Basic realm="a", Bearer realm="https://b/")");
    REQUIRE(find_challenge(both, "bearer") != nullptr);
    CHECK(find_challenge(both, "bearer")->parameters.at("realm") == "https://b/");
    CHECK(find_challenge(both, "digest") == nullptr);
}

TEST_CASE("a token for nothing in particular, for several repositories, with an identity token") {
    const auto bearer = parse_challenges(R"(Bearer realm="https://a.example/t",service="s")").at(0);
    CHECK(token_url(bearer, {}, "me").target == "/t?service=s&account=me");
    CHECK(token_url(bearer, {"repository:a:pull,push", "repository:b:pull"}).target
          == "/t?service=s&scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%3Apull");
    CHECK(token_form(bearer, {"x", "y"}, "t=1") == "grant_type=refresh_token&client_id=ctl&service=s&refresh_token=t%3D1&scope=x%20y");
}

TEST_CASE("Basic is user and password in base64") { CHECK(basic_authorization({"Aladdin", "open sesame", {}}) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="); }

TEST_CASE("the password goes to the registry's host or its domain over https only") {
    const auto may = [](const char* registry, const char* realm) { return may_have_password(*find_url(registry), *find_url(realm)); };
    CHECK(may("https://registry-1.docker.io/", "https://auth.docker.io/token"));
    CHECK(may("https://registry.gitlab.com/", "https://gitlab.com/jwt/auth"));
    CHECK(may("https://ghcr.io/", "https://ghcr.io/token"));
    CHECK(may("https://ghcr.io/", "https://auth.ghcr.io/token"));
    CHECK(may("https://r.example.com:5000/", "https://r.example.com:5001/"));
    CHECK(may("http://127.0.0.1:5000/", "http://127.0.0.1:5001/"));
    CHECK(may("http://127.0.0.1:5000/", "https://127.0.0.1:5001/"));
    CHECK_FALSE(may("https://127.0.0.1:5000/", "http://127.0.0.1:5001/"));
    CHECK_FALSE(may("https://ghcr.io/", "https://evil.io/token"));
    CHECK_FALSE(may("https://r.example.com/", "https://r.example.com.evil.net/"));
    CHECK_FALSE(may("https://r.example.com/", "https://evilexample.com/"));
    CHECK_FALSE(may("https://10.0.0.1/", "https://11.0.0.1/"));
    CHECK_FALSE(may("http://r.example.com/", "https://auth.example.com/"));
    CHECK_FALSE(may("https://r.example.com/", "http://auth.example.com/"));
}
