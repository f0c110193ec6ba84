#include "lib/worker/fetch_answers.h"

#include "base/sys.h"
#include "lib/registry/http.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

using lib::worker::AnswerSource;
using lib::worker::AnswerWriter;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string read_all(AnswerSource& source, std::size_t piece = 4096) {
    std::string all, chunk(piece, '\0');
    while (const std::size_t count = source.read(std::as_writable_bytes(std::span(chunk)))) all.append(chunk, 0, count);
    return all;
}

struct Answer {
    Pipe pipe = sys::pipe();
    AnswerWriter writer{std::move(pipe.write)};
    AnswerSource source{std::move(pipe.read)};
};

} // namespace

TEST_CASE("what is written is read, whatever the pieces") {
    Answer answer;
    answer.writer.write(bytes_of("one "));
    answer.writer.write({});
    answer.writer.write(bytes_of("two"));
    answer.writer.end();
    CHECK(read_all(answer.source, 3) == "one two");
    std::array<std::byte, 8> more{};
    CHECK(answer.source.read(more) == 0);
}

TEST_CASE("more than a frame and than a pipe holds") {
    Answer answer;
    const std::string large(9 << 20, 'x');
    std::thread sender([&] {
        answer.writer.write(bytes_of(large));
        answer.writer.end();
    });
    CHECK(read_all(answer.source, 100'000) == large);
    sender.join();
}

TEST_CASE("an error comes after what was read before it, with its exit code") {
    Answer answer;
    answer.writer.write(bytes_of("begin"));
    answer.writer.fail(Error("the \xff end").with_exit_code(42));
    std::array<std::byte, 5> begin{};
    CHECK(answer.source.read(begin) == 5);
    try {
        answer.source.read(begin);
        FAIL("no error");
    } catch (const lib::registry::TransferError&) {
        FAIL("not the network's");
    } catch (const Error& e) {
        CHECK(std::string(e.what()) == "the \xef\xbf\xbd end");
        CHECK(e.exit_code == 42);
    }
}

TEST_CASE("the network's failures stay such") {
    Answer answer;
    answer.writer.fail(lib::registry::TransferError(lib::registry::TransferFailure::unreachable, "nobody listens"));
    std::array<std::byte, 5> into{};
    CHECK_THROWS_WITH_AS(answer.source.read(into), "nobody listens", lib::registry::TransferError);
}

TEST_CASE("warnings come between the bytes, and are not among them") {
    Pipe pipe = sys::pipe();
    AnswerWriter writer(std::move(pipe.write));
    const std::string text = "text";
    writer.warn("trying again");
    writer.write(std::as_bytes(std::span(text)));
    writer.warn(std::string(5000, 'x'));
    writer.end();
    std::vector<std::string> heard;
    AnswerSource source(std::move(pipe.read), [&](const std::string& sentence) { heard.push_back(sentence); });
    CHECK(read_all(source) == "text");
    CHECK(heard == std::vector{std::string("trying again"), std::string(4096, 'x')});
}

TEST_CASE("an answer that stops is a failure of the network, wherever it stops") {
    for (const std::string& sent : {std::string(), std::string("\5\0", 2), std::string("\5\0\0\0abc", 7)}) {
        Pipe pipe = sys::pipe();
        sys::write_all(pipe.write.get(), sent, "the test");
        pipe.write.reset();
        AnswerSource source(std::move(pipe.read));
        CHECK_THROWS_AS(read_all(source), lib::registry::TransferError);
    }
}

TEST_CASE("a frame longer than any that is sent is refused") {
    Pipe pipe = sys::pipe();
    sys::write_all(pipe.write.get(), std::string("\xff\xff\xff\x7f", 4), "the test");
    AnswerSource source(std::move(pipe.read));
    CHECK_THROWS_AS(read_all(source), Error);
}
