// json-file records, and UTF-8 that is cut in two.
#include "lib/log_format.h"

#include "base/error.h"
#include "base/files.h"
#include "lib/output_log.h"
#include "tests/unit/lib/temp_dir.h"

#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <random>

namespace {

using lib::LogFormat;
using lib::LogStream;

std::string json_record(std::string_view text, bool ends_line = true, std::string_view tag = {}) {
    lib::RecordFrame frame{LogStream::err, {}, tag};
    const std::string_view time = "2026-11-22T10:00:00.000000005Z";
    time.copy(frame.time.data(), frame.time.size());
    const auto buffer = std::make_unique<std::array<char, lib::max_written_record>>();
    return {buffer->data(), lib::format_json_record(buffer->data(), frame, text, ends_line)};
}

/// The texts of a file's records, "|" between them.
std::string logged(const std::string& path) {
    std::string text;
    lib::LogReader reader({path, LogFormat::json});
    while (const auto record = reader.next()) text += std::string(record->text) + (record->ends_line ? "$" : "|");
    return text;
}

void append(lib::LogWriter& log, LogStream stream, std::string_view text) { log.append(stream, std::as_bytes(std::span(text))); }

} // namespace

TEST_CASE("json records are Docker's") {
    CHECK(json_record("hi") == "{\"log\":\"hi\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-22T10:00:00.000000005Z\"}\n");
    CHECK(json_record("x", false).starts_with("{\"log\":\"x\",\"stream\""));
    CHECK(json_record("a\"b\\c\td\re").starts_with("{\"log\":\"a\\\"b\\\\c\\td\\re\\n\""));
    CHECK(json_record(std::string_view("\0\x1b<&>\x7f", 6)).starts_with("{\"log\":\"\\u0000\\u001b\\u003c\\u0026\\u003e\x7f\\n\""));
    CHECK(json_record("\xe2\x80\xa8\xe2\x80\xa9").starts_with("{\"log\":\"\\u2028\\u2029\\n\""));
    CHECK(json_record("\xc3\xa4\xff\xc3").starts_with("{\"log\":\"\xc3\xa4\\ufffd\\ufffd\\n\""));
    CHECK(json_record("\xed\xa0\x80").starts_with("{\"log\":\"\\ufffd\\ufffd\\ufffd\\n\"")); // a surrogate
    CHECK(json_record("x", true, "my\"tag").find("\"attrs\":{\"tag\":\"my\\\"tag\"},\"time\"") != std::string::npos);
}

TEST_CASE("any bytes make JSON, and what is UTF-8 comes back") {
    std::mt19937 random(3);
    for (int i = 0; i < 2000; ++i) {
        std::string text(random() % 40, '\0');
        for (char& c : text) c = static_cast<char>(random());
        std::erase(text, '\n');
        const std::string line = json_record(text);
        REQUIRE(nlohmann::json::accept(line));
        REQUIRE(line.find('\n') == line.size() - 1);
    }
    std::string storage;
    const std::string text = "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 <tag> \"q\" \\ \x01";
    const std::string line = json_record(text, false);
    const auto record = lib::parse_json_record(std::string_view(line).substr(0, line.size() - 1), storage);
    REQUIRE(record);
    CHECK(record->text == text);
    CHECK(record->stream == LogStream::err);
    CHECK_FALSE(record->ends_line);
    CHECK(record->time_ns == INT64_C(1'795'341'600'000'000'005));
}

TEST_CASE("the longest record fits what is reserved for it") {
    const std::string tag(lib::max_tag, '\x01');
    CHECK(json_record(std::string(lib::max_record_text, '\0'), true, tag).size() <= lib::max_written_record);
    CHECK(lib::max_written_record <= lib::max_log_line);
}

TEST_CASE("lines that are no JSON records are none") {
    std::string storage;
    for (const char* line : {"", "{", "[]", "{}", R"({"log":"x\n","stream":"stdin","time":"2026-11-22T10:00:00Z"})",
                             R"({"log":1,"stream":"stdout","time":"2026-11-22T10:00:00Z"})", R"({"log":"x","stream":"stdout"})",
                             R"({"log":"x","stream":"stdout","time":"yesterday"})"})
        CHECK_FALSE(lib::parse_json_record(line, storage));
}

TEST_CASE("how much of a character is missing") {
    using namespace std::literals;
    const std::pair<std::string_view, std::size_t> cases[] = {
        {""sv, 0}, {"a"sv, 0}, {"\xc3"sv, 1}, {"\xc3\xa4"sv, 0}, {"\xe2\x82"sv, 2}, {"x\xf0\x9f\x98"sv, 3},
        {"\xf0\x9f\x98\x80"sv, 0}, {"\xff"sv, 0}, {"\xc0"sv, 0}, {"\x80\x80\x80\x80"sv, 0}, {"\xf5"sv, 0}};
    for (const auto& [text, missing] : cases) CHECK(lib::unfinished_utf8(text) == missing);
}

TEST_CASE("a character that two reads share is written whole") {
    TempDir dir;
    const std::string path = dir.path + "/log";
    {
        lib::LogWriter log(path, LogFormat::json);
        append(log, LogStream::out, "1 \xe2");
        append(log, LogStream::err, "between\n");
        append(log, LogStream::out, "\x82");
        append(log, LogStream::out, "\xac\n2 \xc3");
        append(log, LogStream::out, "x\n3 \xf0\x9f"); // not continued: broken, as it would be in one read
    }
    CHECK(logged(path) == "1 |between$\xe2\x82\xac|$2 |\xef\xbf\xbd|x$3 |\xef\xbf\xbd\xef\xbf\xbd|");
}

TEST_CASE("no character is cut where a long line is") {
    TempDir dir;
    const std::string path = dir.path + "/log";
    std::string line;
    while (line.size() < 3 * lib::max_record_text) line += "\xe2\x82\xac";
    {
        lib::LogWriter log(path, LogFormat::json);
        append(log, LogStream::out, line + "\n");
    }
    std::string text = logged(path);
    std::erase(text, '|');
    CHECK((text == line + "$"));
}
