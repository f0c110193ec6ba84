#include "cli/output.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <ctime>

using cli::escaped;

TEST_CASE("times as Go prints them, in the caller's zone") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    CHECK(cli::go_time(1'700'000'000'000'000'000) == "2023-11-14 22:13:20 +0000 UTC");
    CHECK(cli::go_time(1'700'000'000'120'000'000) == "2023-11-14 22:13:20.12 +0000 UTC");
    CHECK(cli::go_time(1'700'000'000'000'000'001) == "2023-11-14 22:13:20.000000001 +0000 UTC");
}

TEST_CASE("sizes without a blank, as ps has them") {
    CHECK(human_size(12, "") == "12B");
    CHECK(human_size(2'131'641, "") == "2.13MB");
}

TEST_CASE("escaped leaves readable text alone") {
    for (const char* text : {"", "web", "a b\\n", "Grüße, 世界 🙂", "e\u0301"}) CHECK(escaped(text) == text);
}

TEST_CASE("escaped takes the power from control characters") {
    CHECK(escaped("\x1b[31mred\x1b[0m") == "\\x1b[31mred\\x1b[0m");
    CHECK(escaped("a\nb\tc\rd") == "a\\nb\\tc\\x0dd");
    CHECK(escaped(std::string_view("\0\x7f", 2)) == "\\x00\\x7f");
    CHECK(escaped("\xc2\x9b" "31m") == "\\u{009b}31m");       // C1 CSI, encoded
    CHECK(escaped("\x9b" "31m") == "\\x9b31m");               // C1 CSI, as a byte
    CHECK(escaped("a\xe2\x80\xae" "b") == "a\\u{202e}b");     // right-to-left override
    CHECK(escaped("\xe2\x81\xa6\xe2\x80\xa8") == "\\u{2066}\\u{2028}");
}

TEST_CASE("escaped shows bytes that are no UTF-8") {
    CHECK(escaped("\xff") == "\\xff");
    CHECK(escaped("a\xc3") == "a\\xc3");                      // cut off
    CHECK(escaped("\xc0\x8a") == "\\xc0\\x8a");               // overlong line feed
    CHECK(escaped("\xe0\x80\x8a") == "\\xe0\\x80\\x8a");
    CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");      // surrogate
    CHECK(escaped("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
}

TEST_CASE("sizes as Podman prints them") {
    CHECK(human_size(0) == "0 B");
    CHECK(human_size(999) == "999 B");
    CHECK(human_size(1000) == "1 kB");
    CHECK(human_size(142'300'000) == "142 MB");
    CHECK(human_size(8'310'000) == "8.31 MB");
    CHECK(human_size(1'500'000'000) == "1.5 GB");
}

TEST_CASE("durations as Podman prints them") {
    constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
    CHECK(cli::human_duration(-5) == "Less than a second");
    CHECK(cli::human_duration(1) == "1 second");
    CHECK(cli::human_duration(59) == "59 seconds");
    CHECK(cli::human_duration(119) == "About a minute");
    CHECK(cli::human_duration(2 * minute) == "2 minutes");
    CHECK(cli::human_duration(59 * minute) == "59 minutes");
    CHECK(cli::human_duration(hour) == "About an hour");
    CHECK(cli::human_duration(90 * minute) == "2 hours");
    CHECK(cli::human_duration(47 * hour) == "47 hours");
    CHECK(cli::human_duration(2 * day) == "2 days");
    CHECK(cli::human_duration(14 * day) == "2 weeks");
    CHECK(cli::human_duration(60 * day) == "2 months");
    CHECK(cli::human_duration(800 * day) == "2 years");
    CHECK(cli::human_ago(0, 120 * 1'000'000'000LL) == "2 minutes ago");
}

TEST_CASE("a table pads to the widest cell, by characters and not by bytes, and escapes its cells") {
    cli::Table table({"ID", "NAME", "X"});
    table.add({"1", "Grüße", "end"});
    table.add({"22", "a\x1b", ""});
    CHECK(table.text() == "ID  NAME   X\n"
                          "1   Grüße  end\n"
                          "22  a\\x1b  \n");
}

TEST_CASE("a table without headings has none") {
    cli::Table table({});
    table.add({"a", "b"});
    CHECK(table.text() == "a  b\n");
}

TEST_CASE("JSON is harmless for a terminal and still means the same") {
    const nlohmann::json document{{"name", "a\x1b\xc2\x9b\xe2\x80\xae\x7f" "b ü"}, {"list", {1, true, nullptr}}};
    const std::string text = cli::json_text(document);
    CHECK(nlohmann::json::parse(text) == document);
    for (const char* raw : {"\x1b", "\xc2\x9b", "\xe2\x80\xae", "\x7f"}) CHECK(text.find(raw) == std::string::npos);
    CHECK(text.find("ü") != std::string::npos);
    CHECK(text.ends_with("}\n"));
}
