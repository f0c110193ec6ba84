#include "lib/logs.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/output_log.h"
#include "lib/time_point.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/resource.h>

#include <utility>
#include <vector>

namespace {

struct Log {
    TempDir dir;
    std::string path = dir.path + "/ctr.log";

    void add(int second, const char* rest) {
        sys::write_all(sys::open(path, O_WRONLY | O_CREAT | O_APPEND, 0600).get(),
                       cat("2026-11-22T10:00:0", second, ".000000000Z ", rest, "\n"), path);
    }
    lib::LogsRequest request(UniqueFd ended = {}) const {
        lib::LogsRequest request;
        request.logs.push_back({"c", {path}, std::move(ended), {}});
        request.follow = static_cast<bool>(request.logs.front().ended);
        return request;
    }
};

std::int64_t second_of(int second) {
    return *lib::parse_rfc3339(cat("2026-11-22T10:00:0", second, "Z"));
}

/// What a user would see with --timestamps cut to a mark: ">" where a line starts.
std::string shown(lib::LogsRequest request) {
    std::string text;
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        if (entry.starts_line) text += '>';
        text += entry.record.text;
        if (entry.record.ends_line) text += '\n';
        return true;
    });
    return text;
}

} // namespace

TEST_CASE("tail, since and until choose records") {
    Log log;
    log.add(0, "stdout F zero");
    log.add(1, "stdout P o");
    log.add(2, "stdout P n");
    log.add(3, "stdout F e");
    log.add(4, "stdout F four");
    CHECK(shown(log.request()) == ">zero\n>one\n>four\n");
    lib::LogsRequest request = log.request();
    SUBCASE("tail counts lines, not records") {
        request.tail = 2;
        CHECK(shown(std::move(request)) == ">one\n>four\n");
    }
    SUBCASE("a tail of none") {
        request.tail = 0;
        CHECK(shown(std::move(request)).empty());
    }
    SUBCASE("both ends of a time span belong to it") {
        request.since = second_of(1);
        request.until = second_of(3);
        CHECK(shown(std::move(request)) == ">one\n");
    }
    SUBCASE("since chooses among the tail") {
        request.tail = 2;
        request.since = second_of(4);
        CHECK(shown(std::move(request)) == ">four\n");
    }
    SUBCASE("the sink says when it has enough") {
        int count = 0;
        lib::read_logs(std::move(request), [&](const lib::LogEntry&) { return ++count < 2; });
        CHECK(count == 2);
    }
}

TEST_CASE("following delivers what is appended until the container has ended") {
    Log log;
    log.add(0, "stdout F before");
    Pipe ended = sys::pipe();
    lib::LogsRequest request = log.request(std::move(ended.read));
    std::vector<std::string> seen;
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        seen.emplace_back(entry.record.text);
        // Each record is answered with the next, so that a missed wake-up would hang and no clock is involved.
        if (seen.size() < 4) log.add(static_cast<int>(seen.size()), cat("stdout F more", seen.size()).c_str());
        if (seen.size() == 4) ended.write.reset();
        return true;
    });
    CHECK(seen == std::vector<std::string>{"before", "more1", "more2", "more3"});
}

TEST_CASE("following delivers what another process appends") {
    Log log;
    log.add(0, "stdout F before");
    Pipe ended = sys::pipe();
    Pipe go = sys::pipe();
    Pipe seen = sys::pipe();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        go.write.reset();
        seen.write.reset();
        ended.read.reset();
        char byte = 0;
        if (::read(go.read.get(), &byte, 1) < 0) ::_exit(1);
        log.add(1, "stdout F after");
        // Only what was delivered lets it end: a reader that waits for the end alone would hang.
        ::_exit(::read(seen.read.get(), &byte, 1) == 0 ? 0 : 1); // closes `ended`
    }
    ended.write.reset();
    lib::LogsRequest request = log.request(std::move(ended.read));
    std::string text;
    bool second = false;
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        text += entry.record.text;
        if (!std::exchange(second, true)) // the first record
            go.write.reset();
        else
            seen.write.reset();
        return true;
    });
    CHECK(text == "beforeafter");
    CHECK(sys::wait_child(child) == 0);
}

TEST_CASE("following ends when the time asked for is over") {
    Log log;
    log.add(0, "stdout F zero");
    Pipe ended = sys::pipe();
    lib::LogsRequest request = log.request(std::move(ended.read));
    request.until = second_of(1); // long past when the tests run on a correct clock; ahead otherwise, which only waits
    if (sys::realtime_ns() < second_of(1)) request.until = sys::realtime_ns() + second_of(1) - second_of(0);
    CHECK(shown(std::move(request)) == ">zero\n");
}

TEST_CASE("a line without end streams in bounded memory") {
    Log log;
    {
        lib::LogWriter writer(log.path, lib::LogFormat::k8s);
        const std::vector<std::byte> chunk(1 << 20, std::byte{'x'});
        for (int i = 0; i < 64; ++i) writer.append(lib::LogStream::out, chunk);
    }
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    std::size_t size = 0;
    lib::LogsRequest request = log.request();
    request.tail = 1;
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        size += entry.record.text.size();
        return true;
    });
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    CHECK(size == 64 << 20);
    CHECK(after.ru_maxrss - before.ru_maxrss < 4096); // KiB
}

TEST_CASE("a missing log is an error that names it") {
    Log log;
    CHECK_THROWS_WITH_AS(lib::read_logs(log.request(), [](const lib::LogEntry&) { return true; }),
                         cat("open ", log.path, ": No such file or directory").c_str(), SysError);
}

TEST_CASE("several logs come in the order of time") {
    Log one;
    Log two;
    one.add(1, "stdout F a");
    two.add(2, "stdout F b");
    one.add(3, "stderr F c");
    two.add(3, "stdout F d");
    one.add(4, "stdout F e");
    lib::LogsRequest request = one.request();
    request.logs.push_back({"other", {two.path}, {}, {}});
    std::string text;
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        text += cat(entry.log, entry.record.text, " ");
        return true;
    });
    CHECK(text == "0a 1b 0c 1d 0e ");
}

TEST_CASE("following goes on in the next file and in the next run") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter writer(path, lib::LogFormat::k8s, {200, 3});
    const auto print_line = [&](int number) {
        const std::string line = cat("line", number, "\n");
        writer.append(lib::LogStream::out, std::as_bytes(std::span(line)));
    };
    print_line(0);
    constexpr int lines = 40; // each file holds four
    Pipe first_run = sys::pipe();
    Pipe second_run = sys::pipe();
    lib::LogsRequest request;
    request.follow = true;
    int runs = 1;
    request.logs.push_back({"c", {path, lib::LogFormat::k8s, 3}, std::move(first_run.read), [&] {
                                return ++runs == 2 ? std::move(second_run.read) : UniqueFd();
                            }});
    std::string seen;
    std::string expected;
    for (int i = 0; i < lines; ++i) expected += cat("line", i, " ");
    int count = 0;
    lib::read_logs(std::move(request), [&](const lib::LogEntry& entry) {
        seen += cat(entry.record.text, " ");
        ++count;
        if (count < lines) print_line(count);
        if (count == lines / 2) first_run.write.reset();
        if (count == lines) second_run.write.reset();
        return true;
    });
    CHECK(seen == expected);
    CHECK(runs == 3);
}
