#include "lib/attach_protocol.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace {

using lib::FrameOutcome;
using lib::FrameSender;
using lib::FrameType;

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
    std::vector<std::byte> bytes;
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

} // namespace

TEST_CASE("what may be a frame, by sender") {
    const struct {
        std::vector<std::byte> bytes;
        FrameOutcome from_client;
        FrameOutcome from_monitor;
    } cases[] = {
        {{}, FrameOutcome::incomplete, FrameOutcome::incomplete},
        {bytes_of({1, 0, 1}), FrameOutcome::incomplete, FrameOutcome::incomplete},
        {bytes_of({1, 0, 1, 0}), FrameOutcome::incomplete, FrameOutcome::malformed},
        {bytes_of({1, 0, 1, 0, 'x'}), FrameOutcome::complete, FrameOutcome::malformed},
        {bytes_of({1, 0, 0, 0}), FrameOutcome::malformed, FrameOutcome::malformed},          // empty data
        {bytes_of({1, 1, 1, 0, 'x'}), FrameOutcome::malformed, FrameOutcome::malformed},     // the zero is not
        {bytes_of({1, 0, 1, 0x10}), FrameOutcome::malformed, FrameOutcome::malformed},       // 4097 bytes of input
        {bytes_of({1, 0, 0, 0x10}), FrameOutcome::incomplete, FrameOutcome::malformed},      // 4096 are allowed
        {bytes_of({2, 0, 0, 0}), FrameOutcome::complete, FrameOutcome::malformed},
        {bytes_of({2, 0, 1, 0, 'x'}), FrameOutcome::malformed, FrameOutcome::malformed},
        {bytes_of({3, 0, 4, 0, 1, 2, 3, 4}), FrameOutcome::complete, FrameOutcome::malformed},
        {bytes_of({3, 0, 3, 0, 1, 2, 3}), FrameOutcome::malformed, FrameOutcome::malformed},
        {bytes_of({4, 0, 0, 0xe0}), FrameOutcome::malformed, FrameOutcome::incomplete},      // 57344 bytes of output
        {bytes_of({4, 0, 1, 0xe0}), FrameOutcome::malformed, FrameOutcome::malformed},
        {bytes_of({5, 0, 1, 0, 'x'}), FrameOutcome::malformed, FrameOutcome::complete},
        {bytes_of({6, 0, 4, 0, 1, 0, 0, 0}), FrameOutcome::malformed, FrameOutcome::complete},
        {bytes_of({6, 0, 5, 0, 1, 0, 0, 0, 0}), FrameOutcome::malformed, FrameOutcome::malformed},
        {bytes_of({0, 0, 0, 0}), FrameOutcome::malformed, FrameOutcome::malformed},
        {bytes_of({7, 0, 4, 0, 32, 0, 0, 0}), FrameOutcome::malformed, FrameOutcome::complete},
        {bytes_of({7, 0, 1, 0, 'x'}), FrameOutcome::malformed, FrameOutcome::malformed},
        {bytes_of({8, 0, 1, 0, 'x'}), FrameOutcome::malformed, FrameOutcome::malformed},
        {bytes_of({255, 255, 255, 255}), FrameOutcome::malformed, FrameOutcome::malformed},
    };
    std::size_t index = 0;
    for (const auto& [bytes, from_client, from_monitor] : cases) {
        CAPTURE(index++);
        CHECK(lib::decode_frame(bytes, FrameSender::client).outcome == from_client);
        CHECK(lib::decode_frame(bytes, FrameSender::monitor).outcome == from_monitor);
    }
}

TEST_CASE("frames decode to what was encoded") {
    const auto resize = lib::encode_resize({50, 65535});
    const auto decoded = lib::decode_frame(resize, FrameSender::client);
    REQUIRE(decoded.outcome == FrameOutcome::complete);
    CHECK(decoded.size == resize.size());
    CHECK(lib::decode_resize(decoded.frame) == lib::WindowSize{50, 65535});
    for (const std::int32_t code : {0, 137, -1, 0x12345678}) {
        const auto frame = lib::encode_exit_status(code);
        CHECK(lib::decode_exit_status(lib::decode_frame(frame, FrameSender::monitor).frame) == code);
    }
    const auto lost = lib::encode_output_lost(32);
    CHECK(lib::decode_output_lost(lib::decode_frame(lost, FrameSender::monitor).frame) == 32);
}

TEST_CASE("random bytes never decode beyond their end") {
    std::mt19937 random(11);
    for (int i = 0; i < 100'000; ++i) {
        std::vector<std::byte> bytes(random() % 12);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 8); // small: headers that are nearly right
        for (const FrameSender sender : {FrameSender::client, FrameSender::monitor}) {
            const auto decoded = lib::decode_frame(bytes, sender);
            if (decoded.outcome != FrameOutcome::complete) continue;
            REQUIRE(decoded.size <= bytes.size());
            REQUIRE(decoded.frame.payload.size() + lib::frame_header_size == decoded.size);
        }
    }
}
