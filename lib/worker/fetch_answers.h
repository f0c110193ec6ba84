// How a fetcher (lib/worker/fetcher.h) answers: a pipe for each question, with frames in it.
//
// A frame is a 32-bit number in the machine's order and as many bytes as it says; 0 ends the answer. With the highest bit set the
// bytes are a JSON document, the error the answer ended with; with the next one they are a warning, after which it goes on. A pipe that ends without either was the fetcher's end.
#pragma once

#include "base/unique_fd.h"
#include "storage/byte_source.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>

namespace lib::worker {

/// The fetcher's side.
class AnswerWriter {
public:
    explicit AnswerWriter(UniqueFd pipe) : pipe_(std::move(pipe)) {}

    /// Throws SysError, EPIPE when nobody reads any more.
    void write(std::span<const std::byte> bytes);
    void warn(const std::string& sentence);
    void end();
    /// The error as the reader is to throw it.
    void fail(const std::exception& error);

private:
    void frame(std::uint32_t number, std::span<const std::byte> bytes);

    UniqueFd pipe_;
};

/// The other side. Throws the fetcher's error: a TransferError where the network was the cause or the fetcher died.
class AnswerSource : public storage::ByteSource {
public:
    /// `warn` may be empty.
    explicit AnswerSource(UniqueFd pipe, std::function<void(const std::string&)> warn = {}) : pipe_(std::move(pipe)), warn_(std::move(warn)) {}
    std::size_t read(std::span<std::byte> into) override;

private:
    void next_frame();
    std::size_t receive(std::span<std::byte> into);
    std::string receive_text(std::size_t size);
    [[noreturn]] void throw_error(std::size_t size);

    UniqueFd pipe_;
    std::function<void(const std::string&)> warn_;
    std::size_t left_ = 0; ///< bytes of this frame
    bool ended_ = false;
};

} // namespace lib::worker
