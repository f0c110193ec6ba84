// Reading the journal, with a script in place of ctl-journal.
#include <doctest/doctest.h>

#include "lib/logs.h"

#include "base/error.h"
#include "base/sys.h"
#include "tests/unit/lib/temp_dir.h"

#include <fcntl.h>

#include <utility>

namespace {

/// One record is at 1.000000 s of the epoch, the next ones a second later each.
struct Reader {
    TempDir dir;
    lib::LogsRequest request;

    explicit Reader(const std::string& script, std::int64_t complete_after = 0) {
        const std::string path = dir.path + "/reader";
        sys::write_all(sys::open(path, O_WRONLY | O_CREAT, 0700).get(), "#!/bin/sh\n" + script, path);
        request.logs.emplace_back();
        request.logs.front().journal = {"0123", path, complete_after};
    }
};

/// ">" where a line starts, "!" for standard error.
std::string shown(lib::LogsRequest request) {
    std::string text;
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        if (entry.starts_line) text += entry.record.stream == lib::LogStream::err ? "!" : ">";
        text += entry.record.text;
        if (entry.record.ends_line) text += '\n';
        return true;
    });
    return text;
}

constexpr std::int64_t second = 1'000'000'000;

} // namespace

TEST_CASE("records come with their stream, their time and whether they end a line") {
    Reader reader("printf 'out F 1000000 one\\nerr F 2000000  two \\nout P 3000000 th\\nout F 4000000 ree\\nout F 5000000 \\n'");
    SUBCASE("all") { CHECK(shown(std::move(reader.request)) == ">one\n! two \n>three\n>\n"); }
    SUBCASE("of a time") {
        reader.request.since = 2 * second;
        reader.request.until = 2 * second;
        CHECK(shown(std::move(reader.request)) == "! two \n");
    }
}

TEST_CASE("the reader is told whose records are wanted, and which") {
    Reader reader("echo \"out F 9000000 $*\"");
    const std::string us = std::to_string(::getuid());
    SUBCASE("all") { CHECK(shown(std::move(reader.request)) == ">" + us + " 0123\n"); }
    SUBCASE("some") {
        reader.request.tail = 7;
        reader.request.since = 2 * second;
        CHECK(shown(std::move(reader.request)) == ">" + us + " 0123 tail 7 since 2000000\n");
    }
}

TEST_CASE("what a container printed just before its end is waited for") {
    Reader reader("printf 'end 1000000\\nout F 2000000 early\\n\\n'; sleep 0.2; printf 'out F 3000000 late\\n'; sleep 0.1\n"
                  "printf 'end 4000000\\n\\n'; sleep 0.1; echo 'out F 5000000 of another run'; exec sleep 0.3",
                  4 * second);
    CHECK(shown(std::move(reader.request)) == ">early\n>late\n");
}

TEST_CASE("following goes on until the end of the run was seen") {
    Reader reader("printf 'out F 1000000 one\\n\\n'; sleep 0.2; printf 'out F 2000000 two\\n\\n'; sleep 0.2\n"
                  "printf 'out F 3000000 three\\nend 3000000\\n\\n'; exec sleep 0.2",
                  3 * second);
    Pipe ended = sys::pipe();
    reader.request.logs.front().ended = std::move(ended.read);
    reader.request.follow = true;
    ended.write.reset(); // over already, when nothing but the first record has been stored
    CHECK(shown(std::move(reader.request)) == ">one\n>two\n>three\n");
}

TEST_CASE("a reader that fails is an error in its words") {
    Reader reader("echo 'out F 1000000 one'; echo 'no journal here' >&2; exit 1");
    CHECK_THROWS_WITH_AS(shown(std::move(reader.request)), "cannot read the journal: no journal here", Error);
}
