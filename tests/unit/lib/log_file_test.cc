#include "lib/output_log.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>

#include <memory>
#include <random>
#include <vector>

namespace {

using lib::LogFormat;
using lib::LogStream;

void append(lib::LogWriter& log, LogStream stream, std::string_view text) {
    log.append(stream, std::as_bytes(std::span(text)));
}

/// The bytes of each stream, put together again.
std::array<std::string, 2> read_back(const std::string& path) {
    std::array<std::string, 2> streams;
    const auto reader = std::make_unique<lib::LogReader>(lib::LogSource{path});
    while (const auto record = reader->next()) {
        CHECK(record->text.size() <= lib::max_record_text);
        std::string& stream = streams[static_cast<std::size_t>(record->stream)];
        stream += record->text;
        if (record->ends_line) stream += '\n';
    }
    return streams;
}

void write_raw(const std::string& path, std::string_view content) {
    files::write_atomic(AT_FDCWD, path, content, 0600, files::Durability::none);
}

std::string record(int number, const char* rest) {
    return cat("2026-11-22T10:00:0", number, ".000000000Z ", rest, "\n");
}

} // namespace

TEST_CASE("whatever is written parses back to the same bytes and stream") {
    const std::string forged = "2026-11-22T10:00:00.000000000Z stderr F forged\n";
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
    const std::vector<std::string> hostile{
        "plain\n", "no newline", "\n\n\n", "", std::string(3, '\0'), "\xff\xfe\n\xc3", forged, "{\"log\":\"x\"}\r\n", every_byte,
        std::string(lib::max_record_text, 'a') + "\n", std::string(lib::max_record_text + 1, 'b') + "\n",
        std::string(100'000, 'c'), std::string(20'000, '\n'), "end"};
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    std::array<std::string, 2> expected;
    {
        lib::LogWriter log(path);
        for (std::size_t i = 0; i < hostile.size(); ++i) {
            append(log, LogStream::out, hostile[i]);
            append(log, LogStream::err, hostile[hostile.size() - 1 - i]);
            expected[0] += hostile[i];
            expected[1] += hostile[hostile.size() - 1 - i];
        }
        CHECK_FALSE(log.take_error());
    }
    CHECK((read_back(path) == expected)); // parentheses: no dump of 300 kB
    SUBCASE("after another start of the container, too") {
        lib::LogWriter again(path);
        append(again, LogStream::out, "second start\n");
        expected[0] += "second start\n";
        CHECK((read_back(path) == expected));
    }
}

TEST_CASE("random bytes in random pieces parse back") {
    std::mt19937 random(7);
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path);
    std::array<std::string, 2> expected;
    for (int i = 0; i < 400; ++i) {
        std::string piece(random() % 3000, '\0');
        for (char& c : piece) c = random() % 50 == 0 ? '\n' : static_cast<char>(random());
        const auto stream = static_cast<LogStream>(random() % 2);
        append(log, stream, piece);
        expected[static_cast<std::size_t>(stream)] += piece;
    }
    CHECK((read_back(path) == expected));
}

TEST_CASE("the file has Podman's k8s-file records") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path);
    append(log, LogStream::err, "line\npart");
    const std::string text = files::read(path);
    REQUIRE(text.size() == 2 * lib::log_header_size + 10);
    CHECK(text.substr(30, 15) == " stderr F line\n");
    CHECK(text.substr(45 + 30) == " stderr P part\n");
    CHECK(text[10] == 'T');
    CHECK(text[29] == 'Z');
}

TEST_CASE("a record that a crash left unfinished is cut off") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    write_raw(path, record(1, "stdout F one") + "2026-11-22T10:00:02.000000000Z stdout F tw");
    {
        lib::LogWriter log(path);
        append(log, LogStream::out, "three\n");
    }
    CHECK(read_back(path)[0] == "one\nthree\n");
}

TEST_CASE("the reader skips what is no record and sees an unfinished one once it is whole") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    write_raw(path, record(1, "stdout F one") + "garbage\n\n" + record(2, "stdmid F two") + record(3, "stdout Q x") +
                        std::string(100'000, 'x') + "\n" + record(4, "stderr P four") + "2026-11-22T10:00:05.000000000Z std");
    const auto reader = std::make_unique<lib::LogReader>(lib::LogSource{path});
    CHECK(reader->next()->text == "one");
    const auto four = reader->next();
    REQUIRE(four);
    CHECK(four->text == "four");
    CHECK(four->stream == LogStream::err);
    CHECK_FALSE(four->ends_line);
    CHECK_FALSE(reader->next());
    CHECK_FALSE(reader->next());
    sys::write_all(sys::open(path, O_WRONLY | O_APPEND).get(), "out F five\n", path);
    const auto five = reader->next();
    REQUIRE(five);
    CHECK(five->text == "five");
}

TEST_CASE("records of other writers with an offset are understood") {
    const auto parsed = lib::parse_k8s_record("2026-11-22T11:00:00.000000000+01:00 stdout F text with  spaces ");
    REQUIRE(parsed);
    CHECK(parsed->text == "text with  spaces ");
    CHECK(parsed->time_ns == INT64_C(1'795'341'600'000'000'000));
    for (const char* line : {"", "2026-11-22T11:00:00Z", "2026-11-22T11:00:00Z stdout", "2026-11-22T11:00:00Z stdout F",
                             "2026-11-22T11:00:00Z stdout Fx", "2026-11-22T11:00:00Z  stdout F x"})
        CHECK_FALSE(lib::parse_k8s_record(line));
}

TEST_CASE("a full disk is reported once and leaves a readable file") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    const pid_t child = ::fork(); // the file size limit is the process's
    REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1000, 1000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        lib::LogWriter log(path);
        append(log, LogStream::out, "one\ntwo\n" + std::string(2000, 'x') + "\n");
        append(log, LogStream::out, std::string(2000, 'y') + "\n");
        append(log, LogStream::out, "small\n");
        const auto first = log.take_error();
        ::_exit(first && !log.take_error() ? 0 : 1);
    }
    CHECK(sys::wait_child(child) == 0);
    CHECK(read_back(path)[0] == "one\ntwo\nsmall\n");
}

TEST_CASE("the tail begins where the last lines begin") {
    const std::string file = record(0, "stdout F zero") + record(1, "stdout P on") + record(2, "stderr F err") +
                             record(3, "stdout F e") + record(4, "stderr P half") + record(5, "stdout F two") + "unfinished";
    const auto at = [&](const char* text) { return static_cast<std::int64_t>(file.rfind("2026", file.find(text))); };
    const std::int64_t end = static_cast<std::int64_t>(file.size() - 10);
    TempDir dir;
    write_raw(dir.path + "/log", file);
    const lib::LogFiles log({dir.path + "/log"});
    using Starts = std::array<std::int64_t, 2>;
    CHECK(lib::find_tail(log, LogFormat::k8s, 0) == Starts{end, end});
    CHECK(lib::find_tail(log, LogFormat::k8s, 1) == Starts{at("two"), end});
    CHECK(lib::find_tail(log, LogFormat::k8s, 2) == Starts{at("two"), at("half")});
    CHECK(lib::find_tail(log, LogFormat::k8s, 3) == Starts{at("P on"), at("half")}); // the line of two pieces around stderr's
    CHECK(lib::find_tail(log, LogFormat::k8s, 4) == Starts{at("P on"), at("F err")});
    CHECK(lib::find_tail(log, LogFormat::k8s, 5) == Starts{at("zero"), at("F err")});
    CHECK(lib::find_tail(log, LogFormat::k8s, 500) == Starts{at("zero"), at("F err")});
}

TEST_CASE("the tail of a log with overlong lines, and of an empty one") {
    TempDir dir;
    write_raw(dir.path + "/log", record(1, "stdout F one") + std::string(300'000, 'x') + "\n" + record(2, "stdout F two") +
                                     std::string(300'000, 'y'));
    const lib::LogFiles log({dir.path + "/log"});
    CHECK(lib::find_tail(log, LogFormat::k8s, 2)[0] == 0);
    CHECK(lib::find_tail(log, LogFormat::k8s, 1)[0] == static_cast<std::int64_t>(record(1, "stdout F one").size()) + 300'001);
    write_raw(dir.path + "/empty", "");
    const lib::LogFiles empty({dir.path + "/empty"});
    CHECK(lib::find_tail(empty, LogFormat::k8s, 3)[0] == 0);
}
