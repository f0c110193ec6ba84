#include "lib/env_file.h"

#include "base/error.h"

#include <doctest/doctest.h>

using lib::Environment;

namespace {

const Environment host{{"HOME", "/home/alice"}, {"HTTP_A", "1"}, {"HTTP_B", "2"}, {"HTTPS", "3"}, {"TOKEN", "secret"}};

Environment with(std::initializer_list<const char*> options) {
    Environment environment{{"PATH", "/bin"}};
    for (const char* option : options) lib::apply_env_option(environment, option, host);
    return environment;
}

} // namespace

TEST_CASE("an assignment replaces what was there") {
    CHECK(with({"A=1", "A=2", "PATH=/x"}) == Environment{{"A", "2"}, {"PATH", "/x"}});
    CHECK(with({"A="}).at("A").empty());
    CHECK(with({"A=b=c"}).at("A") == "b=c");
    CHECK(with({"PEM=line 1\nline 2\n"}).at("PEM") == "line 1\nline 2\n");
}

TEST_CASE("a bare name takes the caller's value, or nothing") {
    CHECK(with({"HOME", "MISSING"}) == Environment{{"HOME", "/home/alice"}, {"PATH", "/bin"}});
}

TEST_CASE("a star takes what begins so") {
    CHECK(with({"HTTP_*"}) == Environment{{"HTTP_A", "1"}, {"HTTP_B", "2"}, {"PATH", "/bin"}});
    CHECK(with({"*"}).size() == host.size() + 1);
    CHECK(with({"A*=1"}).at("A*") == "1");
}

TEST_CASE("names that would read as something else are refused") {
    for (const char* option : {"", "=", "=A", "A B=1", "A\n=1", "A\nB", "A\t=1", "\x1b=1", "A\x7f=1"})
        CHECK_THROWS_AS_MESSAGE(with({option}), Error, option);
    Environment environment;
    CHECK_THROWS_AS(lib::apply_env_option(environment, std::string_view("A=\0x", 4), host), Error);
    CHECK(environment.empty());
}

TEST_CASE("a file has one option a line") {
    Environment environment;
    lib::apply_env_file(environment, "# comment\n\n  A=1\r\nB=\"quoted\" # kept\nHOME\nMISSING\nHTTP_*\nLAST=x", "f", host);
    CHECK(environment == Environment{{"A", "1"}, {"B", "\"quoted\" # kept"}, {"HOME", "/home/alice"}, {"HTTP_A", "1"},
                                     {"HTTP_B", "2"}, {"LAST", "x"}});
    CHECK_THROWS_WITH_AS(lib::apply_env_file(environment, "A=1\n=2\n", "f.env", host),
                         "f.env line 2: environment \"=2\": the name is missing", Error);
}

TEST_CASE("strings become a map and come back sorted") {
    CHECK(lib::parse_environment({"B=1", "A=2", "B=3", "junk", "=x"}) == Environment{{"A", "2"}, {"B", "3"}});
    CHECK(lib::environment_strings({{"B", "1"}, {"A", "2=3"}}) == std::vector<std::string>{"A=2=3", "B=1"});
}
