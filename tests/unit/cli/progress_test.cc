#include "cli/progress.h"

#include <doctest/doctest.h>

#include <string>

using cli::Progress;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::steady_clock::time_point start{1h};

std::string line(const char* layer, const char* state, int done, int total) {
    return std::string(R"({"layer":"sha256:)") + layer + R"(","state":")" + state + R"(","done":)" + std::to_string(done)
           + R"(,"total":)" + std::to_string(total) + "}";
}

} // namespace

TEST_CASE("elsewhere than on a terminal there is a line per finished layer") {
    Progress progress(false, 80);
    CHECK(progress.update(line("aaaaaaaaaaaaaaaa", "downloading", 1, 2'000'000), start).empty());
    CHECK(progress.update(line("aaaaaaaaaaaaaaaa", "done", 2'000'000, 2'000'000), start)
          == "layer aaaaaaaaaaaa: done, 2 MB\n");
    CHECK(progress.update(line("aaaaaaaaaaaaaaaa", "done", 2'000'000, 2'000'000), start).empty());
    CHECK(progress.update(line("bb", "exists", 0, 0), start) == "layer bb: already here\n");
    CHECK(progress.clear().empty());
}

TEST_CASE("on a terminal the bars replace the ones before") {
    Progress progress(true, 80);
    CHECK(progress.update(line("aa", "downloading", 50, 100), start)
          == "aa [============            ] 50 B / 100 B\n0 of 1 layers done\n");
    CHECK(progress.update(line("bb", "waiting", 0, 100), start)
          == "\x1b[2F\x1b[J"
             "aa [============            ] 50 B / 100 B\nbb [                        ] waiting\n0 of 2 layers done\n");
    CHECK(progress.update(line("aa", "done", 100, 100), start)
          == "\x1b[3F\x1b[Jbb [                        ] waiting\n1 of 2 layers done\n");
    CHECK(progress.clear() == "\x1b[2F\x1b[J");
    CHECK(progress.clear().empty());
}

TEST_CASE("bars are not redrawn for every byte") {
    Progress progress(true, 80);
    CHECK_FALSE(progress.update(line("aa", "downloading", 1, 100), start).empty());
    CHECK(progress.update(line("aa", "downloading", 2, 100), start + 10ms).empty());
    CHECK_FALSE(progress.update(line("aa", "downloading", 3, 100), start + 1s).empty());
}

TEST_CASE("a bar never wraps, and there are never more than fit") {
    Progress progress(true, 20);
    std::string text;
    for (char c = 'a'; c <= 'z'; ++c) text = progress.update(line(std::string(12, c).c_str(), "downloading", 1, 3), start);
    std::size_t lines = 0, begin = text.find("\x1b[J") + 3;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1, ++lines)
        CHECK(end - begin < 20);
    CHECK(lines == 17);
}

TEST_CASE("what is no progress is ignored, and what a worker says is escaped") {
    Progress progress(false, 80);
    for (const char* junk : {"", "x", "[]", "{}", R"({"layer":1})", R"({"notice":"x"})"})
        CHECK(progress.update(junk, start).empty());
    CHECK(progress.update(R"({"layer":"sha256:a\u001b[2J","state":"exists","done":-1,"total":"x"})", start)
          == "layer a\\x1b[2J: already here\n");
}
