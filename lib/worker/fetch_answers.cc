// See lib/worker/fetch_answers.h.
#include "lib/worker/fetch_answers.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"
#include "lib/registry/http.h"

#include <nlohmann/json.hpp>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace lib::worker {
namespace {

constexpr std::uint32_t error_bit = 1U << 31;
constexpr std::uint32_t warning_bit = 1U << 30;
constexpr std::size_t longest_warning = 4096; ///< bytes
constexpr std::size_t longest_frame = 4 << 20; ///< bytes; nothing longer is sent

} // namespace

void AnswerWriter::frame(std::uint32_t number, std::span<const std::byte> bytes) {
    struct iovec parts[] = {{&number, sizeof number}, {const_cast<std::byte*>(bytes.data()), bytes.size()}};
    const ssize_t sent = ::writev(pipe_.get(), parts, 2);
    if (sent < 0) throw SysError{errno, "answer the unpacking process"};
    // A short write is seldom, and only after a signal: what is left goes the plain way.
    const auto done = static_cast<std::size_t>(sent);
    const std::string_view head(reinterpret_cast<const char*>(&number), sizeof number);
    const std::string_view body(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (done < head.size()) sys::write_all(pipe_.get(), head.substr(done), "answer");
    sys::write_all(pipe_.get(), body.substr(done > head.size() ? done - head.size() : 0), "answer");
}

void AnswerWriter::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), longest_frame));
        frame(static_cast<std::uint32_t>(part.size()), part);
        bytes = bytes.subspan(part.size());
    }
}

void AnswerWriter::warn(const std::string& sentence) {
    const auto bytes = std::as_bytes(std::span(sentence)).first(std::min(sentence.size(), longest_warning));
    frame(static_cast<std::uint32_t>(bytes.size()) | warning_bit, bytes);
}

void AnswerWriter::end() { frame(0, {}); }

void AnswerWriter::fail(const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    const nlohmann::json document{{"error", error.what()},
                                  {"exit_code", known != nullptr ? known->exit_code : exit_code::engine_error},
                                  {"transfer", dynamic_cast<const registry::TransferError*>(&error) != nullptr}};
    const std::string text = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    frame(static_cast<std::uint32_t>(text.size()) | error_bit, std::as_bytes(std::span(text)));
}

std::size_t AnswerSource::receive(std::span<std::byte> into) {
    const std::size_t count = sys::read_some(pipe_.get(), into, "what the registry sent");
    if (count == 0)
        throw registry::TransferError(registry::TransferFailure::interrupted, "the process that speaks to the registry has ended unexpectedly");
    return count;
}

std::string AnswerSource::receive_text(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t done = 0; done < size;) done += receive(std::as_writable_bytes(std::span(text)).subspan(done));
    return text;
}

void AnswerSource::throw_error(std::size_t size) {
    const nlohmann::json document = oci::parse_json_text(receive_text(size), "the fetcher's error");
    const oci::Fields fields(document, "the fetcher's error");
    if (fields.flag("transfer")) throw registry::TransferError(registry::TransferFailure::interrupted, fields.text("error"));
    throw Error(fields.text("error")).with_exit_code(static_cast<int>(fields.number("exit_code", 255).value_or(exit_code::engine_error)));
}

void AnswerSource::next_frame() {
    std::array<std::byte, sizeof(std::uint32_t)> head{};
    for (std::size_t done = 0; done < head.size();) done += receive(std::span(head).subspan(done));
    std::uint32_t number = 0;
    std::memcpy(&number, head.data(), sizeof number);
    const std::size_t size = number & ~(error_bit | warning_bit);
    if (size > longest_frame) throw Error("the fetcher sent a frame of ", size, " bytes");
    if ((number & error_bit) != 0) throw_error(size);
    if ((number & warning_bit) != 0) {
        if (size > longest_warning) throw Error("the fetcher sent a warning of ", size, " bytes");
        const std::string sentence = receive_text(size);
        if (warn_) warn_(sentence);
        return;
    }
    left_ = size;
    ended_ = size == 0;
}

std::size_t AnswerSource::read(std::span<std::byte> into) {
    while (left_ == 0 && !ended_ && !into.empty()) next_frame();
    if (left_ == 0 || into.empty()) return 0;
    const std::size_t count = receive(into.first(std::min(into.size(), left_)));
    left_ -= count;
    return count;
}

} // namespace lib::worker
