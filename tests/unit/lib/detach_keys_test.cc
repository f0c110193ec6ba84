#include "lib/detach_keys.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

struct Typed {
    std::string passed;
    bool detached = false;
};

Typed type(lib::DetachKeys keys, const std::vector<std::string>& pieces) {
    Typed typed;
    for (const std::string& piece : pieces) {
        std::array<std::byte, 64> out;
        const auto result = keys.filter(std::as_bytes(std::span(piece)), out);
        typed.passed.append(reinterpret_cast<const char*>(out.data()), result.size);
        typed.detached = result.detach;
    }
    return typed;
}

} // namespace

TEST_CASE("detach keys are found wherever the reads cut") {
    const struct {
        std::string keys;
        std::vector<std::string> typed;
        std::string passed;
        bool detached;
    } cases[] = {
        {"ctrl-p,ctrl-q", {"abc"}, "abc", false},
        {"ctrl-p,ctrl-q", {"a\x10\x11z"}, "a", true},
        {"ctrl-p,ctrl-q", {"a\x10", "\x11"}, "a", true},
        {"ctrl-p,ctrl-q", {"\x10", "b"}, "\x10" "b", false},
        {"ctrl-p,ctrl-q", {"\x10\x10\x11"}, "\x10", true},
        {"ctrl-p,ctrl-q", {"\x10", "\x10", "\x10"}, "\x10\x10", false},
        {"ctrl-p,ctrl-q", {"\x11\x10x\x11"}, "\x11\x10x\x11", false},
        {"a", {"bca"}, "bc", true},
        {"a,a,b", {"aa", "ab"}, "a", true},     // the first a is passed on, the other two begin the sequence
        {"a,b,a,c", {"abab", "ac"}, "ab", true}, // likewise with a longer part that repeats
        {"a,b,a,c", {"aba", "d"}, "abad", false},
        {"ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", {std::string("\0\x1b\x1c\x1d\x1e\x1f", 6)}, "", true},
    };
    for (const auto& [keys, typed, passed, detached] : cases) {
        CAPTURE(keys);
        CAPTURE(passed);
        const Typed got = type(lib::DetachKeys(keys), typed);
        CHECK(got.passed == passed);
        CHECK(got.detached == detached);
    }
}

TEST_CASE("without detach keys everything is passed on at once") {
    for (const auto& keys : {lib::DetachKeys(), lib::DetachKeys("")}) {
        const Typed got = type(keys, {"\x10", "\x11", "a"});
        CHECK(got.passed == "\x10\x11" "a");
        CHECK_FALSE(got.detached);
    }
}

TEST_CASE("what is no list of keys is refused") {
    for (const char* wrong : {",", "a,", ",a", "ctrl-", "ctrl-1", "ctrl-pp", "ctrlp", "ab", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"})
        CHECK_THROWS_AS(lib::DetachKeys{wrong}, Error);
}
