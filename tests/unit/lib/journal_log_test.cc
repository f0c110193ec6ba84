// The journald driver, with the test at the journal's end of the socket.
#include "base/error.h"
#include "base/unique_fd.h"
#include "lib/output_log.h"
#include "tests/unit/lib/temp_dir.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>

namespace {

using lib::LogStream;

const lib::TagSubject web{"0123456789abcdef", "web", "nginx:latest", "abc"};

struct Journal {
    TempDir dir;
    std::string path = dir.path + "/socket";
    UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

    Journal() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), address.sun_path);
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    /// The next datagram; empty when there is none.
    std::string take() const {
        std::array<char, 32768> bytes;
        const ssize_t n = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
        return n < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(n));
    }
};

void append(lib::OutputLog& log, LogStream stream, std::string_view text) { log.append(stream, std::as_bytes(std::span(text))); }

} // namespace

TEST_CASE("a line is a datagram with Podman's fields") {
    const Journal journal;
    lib::JournalLog log(journal.path, web, "");
    append(log, LogStream::out, "hello\nworld\n");
    CHECK(journal.take() == "MESSAGE=hello\nPRIORITY=6\nCONTAINER_ID=0123456789ab\nCONTAINER_ID_FULL=0123456789abcdef\n"
                            "CONTAINER_NAME=web\nIMAGE_NAME=nginx:latest\nSYSLOG_IDENTIFIER=web\n");
    CHECK(journal.take().starts_with("MESSAGE=world\n"));
    CHECK(journal.take().empty());
}

TEST_CASE("standard error is an error, and what is no whole line says so") {
    const Journal journal;
    lib::JournalLog log(journal.path, web, "");
    append(log, LogStream::err, "prompt> ");
    const std::string record = journal.take();
    CHECK(record.starts_with("MESSAGE=prompt> \nPRIORITY=3\n"));
    CHECK(record.ends_with("\nCONTAINER_PARTIAL_MESSAGE=true\n"));
    append(log, LogStream::out, std::string(lib::max_record_text, 'x') + "end\n");
    CHECK(journal.take().ends_with("\nCONTAINER_PARTIAL_MESSAGE=true\n"));
    const std::string end = journal.take();
    CHECK(end.starts_with("MESSAGE=end\n"));
    CHECK(end.find("PARTIAL") == std::string::npos);
}

TEST_CASE("a tag names the program, too") {
    const Journal journal;
    lib::JournalLog log(journal.path, web, "mytag");
    append(log, LogStream::out, "x\n");
    CHECK(journal.take().ends_with("SYSLOG_IDENTIFIER=mytag\nCONTAINER_TAG=mytag\n"));
}

TEST_CASE("output cannot forge a field") {
    const Journal journal;
    lib::JournalLog log(journal.path, web, "");
    append(log, LogStream::out, "x\nCONTAINER_NAME=other\n");
    CHECK(journal.take().starts_with("MESSAGE=x\nPRIORITY"));
    CHECK(journal.take().starts_with("MESSAGE=CONTAINER_NAME=other\nPRIORITY"));
}

TEST_CASE("the end of a log is a record without a message") {
    const Journal journal;
    lib::JournalLog(journal.path, web, "");
    CHECK(journal.take().starts_with("CTL_LOG_END=1\nPRIORITY=7\nCONTAINER_ID=0123456789ab\n"));
}

TEST_CASE("without a journal there is an error, and one that is gone is no trouble") {
    TempDir dir;
    CHECK_THROWS_AS(lib::JournalLog(dir.path + "/nothing", web, ""), Error);
    Journal journal;
    lib::JournalLog log(journal.path, web, "");
    journal.socket.reset();
    append(log, LogStream::out, "lost\n");
}
