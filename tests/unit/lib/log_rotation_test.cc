// Rotation: what is on disk, and what a reader sees of it.
#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/output_log.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>

#include <memory>

namespace {

using lib::LogFormat;
using lib::LogStream;

void append(lib::OutputLog& log, std::string_view text) { log.append(LogStream::out, std::as_bytes(std::span(text))); }

std::int64_t size_of(const std::string& path) {
    const auto found = sys::find_stat_at(AT_FDCWD, path);
    return found ? found->st_size : -1;
}

std::string read_all(lib::LogReader& reader) {
    std::string text;
    for (;;) {
        const auto record = reader.next();
        if (!record && !reader.files().advance()) return text;
        if (!record) continue;
        text += record->text;
        if (record->ends_line) text += '\n';
    }
}

std::string numbers(int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i) text += cat(i, "\n");
    return text;
}

} // namespace

TEST_CASE("files hold what fits, and no more of them are kept than asked for") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    for (const LogFormat format : {LogFormat::k8s, LogFormat::json}) {
        lib::LogWriter log(path, format, {1000, 3});
        for (int i = 100; i < 400; ++i) append(log, cat(i, "\n"));
        CHECK_FALSE(log.take_error());
        for (const char* suffix : {"", ".1", ".2"}) {
            CHECK(size_of(path + suffix) <= 1000);
            CHECK(size_of(path + suffix) > 0);
        }
        CHECK(size_of(path + ".1") > 1000 - 80);
        CHECK(size_of(path + ".3") == -1);
        CHECK(size_of(path + ".next") == -1);
        lib::LogReader reader({path, format, 3});
        const std::string text = read_all(reader);
        CHECK(text.ends_with(numbers(380, 400)));
        CHECK(text == numbers(std::stoi(text), 400)); // without a gap
        for (const char* suffix : {"", ".1", ".2"}) sys::unlink_at(AT_FDCWD, path + suffix);
    }
}

TEST_CASE("many records written at once are cut between records") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path, LogFormat::k8s, {1000, 100});
    append(log, numbers(1000, 2000));
    lib::LogReader reader({path, LogFormat::k8s, 100});
    CHECK(read_all(reader) == numbers(1000, 2000));
    CHECK(size_of(path + ".1") <= 1000);
    CHECK(files::read(path + ".1").ends_with("\n"));
}

TEST_CASE("a record larger than the limit has a file to itself") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path, LogFormat::k8s, {100, 4});
    const std::string large(500, 'x');
    append(log, "small\n" + large + "\n" + "last\n");
    CHECK(size_of(path + ".1") == static_cast<std::int64_t>(lib::log_header_size + 501));
    lib::LogReader reader({path, LogFormat::k8s, 4});
    CHECK(read_all(reader) == "small\n" + large + "\nlast\n");
}

TEST_CASE("one file is emptied, and its size is counted after a restart, too") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    for (int i = 0; i < 3; ++i) {
        lib::LogWriter log(path, LogFormat::k8s, {130, 1}); // two records of 46
        append(log, cat("text", i, "\n"));
    }
    CHECK(size_of(path) == static_cast<std::int64_t>(lib::log_header_size + 6));
    CHECK(size_of(path + ".1") == -1);
    lib::LogReader reader({path});
    CHECK(read_all(reader) == "text2\n");
}

TEST_CASE("without a limit nothing is rotated") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path);
    append(log, numbers(0, 50'000));
    log.flush();
    CHECK(size_of(path + ".1") == -1);
    lib::LogReader reader({path});
    CHECK(read_all(reader) == numbers(0, 50'000));
}

TEST_CASE("a reader that fell behind goes on with the oldest file that is left") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path, LogFormat::k8s, {200, 2});
    append(log, "1\n2\n");
    lib::LogReader reader({path, LogFormat::k8s, 2});
    CHECK(read_all(reader) == "1\n2\n");
    for (int i = 3; i < 20; ++i) append(log, cat(i, "\n"));
    const std::string text = read_all(reader);
    CHECK(text.starts_with("3\n4\n")); // of the file that it had open
    CHECK(text.ends_with("18\n19\n"));
}

TEST_CASE("a file that somebody removed is a gap and not the end") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path, LogFormat::k8s, {200, 5});
    for (int i = 10; i < 30; ++i) append(log, cat(i, "\n"));
    const std::string all = numbers(10, 30);
    sys::unlink_at(AT_FDCWD, path + ".2");
    lib::LogReader reader({path, LogFormat::k8s, 5});
    const std::string text = read_all(reader);
    CHECK(text.starts_with("10\n"));
    CHECK(text.ends_with("29\n"));
    CHECK(text.size() < all.size());
}

TEST_CASE("the tail reaches into the files before") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    lib::LogWriter log(path, LogFormat::k8s, {200, 5});
    append(log, numbers(10, 20));
    append(log, std::string(60, 'a')); // the beginning of a line whose end is in another file
    append(log, std::string(60, 'b'));
    append(log, "c\nlast\n");
    lib::LogReader reader({path, LogFormat::k8s, 5});
    const auto start = lib::find_tail(reader.files(), LogFormat::k8s, 3);
    reader.seek(start[0]);
    CHECK(read_all(reader) == "19\n" + std::string(60, 'a') + std::string(60, 'b') + "c\nlast\n");
}

TEST_CASE("the log goes on when its directory is moved away") {
    TempDir dir;
    sys::mkdir_at(AT_FDCWD, dir.path + "/container", 0700);
    lib::LogWriter log(dir.path + "/container/ctr.log", LogFormat::k8s, {200, 2});
    append(log, numbers(10, 14));
    lib::LogReader reader({dir.path + "/container/ctr.log", LogFormat::k8s, 2});
    sys::rename_at(AT_FDCWD, dir.path + "/container", AT_FDCWD, dir.path + "/trash");
    append(log, numbers(14, 17));
    CHECK_FALSE(log.take_error());
    CHECK(read_all(reader) == numbers(10, 17));
}

TEST_CASE("a flood is written in blocks, and is all there after a flush, rotated or not") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    for (const std::int64_t limit : {INT64_C(0), INT64_C(300'000)}) {
        std::string expected;
        {
            lib::LogWriter log(path, LogFormat::k8s, {limit, 100});
            for (int i = 0; i < 30; ++i) {
                const std::string piece = numbers(i * 10'000, i * 10'000 + 10'000) + std::string(20'000, 'x') + "\n";
                append(log, piece);
                expected += piece;
                if (i == 2 && limit == 0) {
                    CHECK(size_of(path) > 0);
                    CHECK(size_of(path) % lib::RotatingFile::block == 0);
                }
            }
            log.flush();
            lib::LogReader reader({path, LogFormat::k8s, 100});
            CHECK((read_all(reader) == expected));
            CHECK_FALSE(log.take_error());
        }
        for (const std::string& name : files::list(AT_FDCWD, dir.path)) {
            if (limit > 0) CHECK(size_of(dir.path + "/" + name) <= limit);
            CHECK(files::read(dir.path + "/" + name).ends_with("\n"));
            sys::unlink_at(AT_FDCWD, dir.path + "/" + name);
        }
    }
}

TEST_CASE("a flood on a full disk leaves whole records") {
    TempDir dir;
    const std::string path = dir.path + "/ctr.log";
    const pid_t child = ::fork(); // the file size limit is the process's
    REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{400'000, 400'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        lib::LogWriter log(path, LogFormat::k8s);
        for (int i = 0; i < 30; ++i) append(log, numbers(100'000 + i * 6'000, 100'000 + i * 6'000 + 6'000));
        log.flush();
        ::_exit(log.take_error() ? 0 : 1);
    }
    CHECK(sys::wait_child(child) == 0);
    CHECK(size_of(path) > 300'000);
    lib::LogReader reader({path, LogFormat::k8s, 1});
    const std::string text = read_all(reader);
    for (std::size_t at = 0; at < text.size(); at += 7) REQUIRE(text.find('\n', at) == at + 6); // no record was mixed with another
}
