// As much of a DNS message (RFC 1035, 4) as a forwarder has to understand: the header and the question.
#pragma once

#include "netstack/wire/bytes.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace netstack::dns {

inline constexpr std::size_t header_length = 12;
inline constexpr std::uint16_t type_a = 1;
inline constexpr std::uint16_t type_aaaa = 28;
inline constexpr std::uint16_t type_any = 255;
inline constexpr std::uint16_t class_in = 1;

enum class Code : std::uint8_t { no_error = 0, server_failure = 2, refused = 5 };

/// A query with one question, as every resolver sends them.
class Query {
public:
    static std::optional<Query> parse(wire::Bytes message) noexcept;

    std::uint16_t id() const noexcept { return wire::load16(message_, 0); }
    /// In lower case, labels separated by dots, without one at the end; "" is the root.
    std::string_view name() const noexcept { return {name_.data(), name_size_}; }
    std::uint16_t type() const noexcept { return type_; }
    std::uint16_t qclass() const noexcept { return class_; }
    wire::Bytes message() const noexcept { return message_; }
    /// The question's bytes, which an answer repeats.
    wire::Bytes question() const noexcept { return message_.subspan(header_length, question_size_); }

private:
    wire::Bytes message_;
    std::array<char, 256> name_{};
    std::size_t name_size_ = 0;
    std::size_t question_size_ = 0;
    std::uint16_t type_ = 0;
    std::uint16_t class_ = 0;
};

/// Whether `message` answers `question`, asked with this id.
bool is_answer(wire::Bytes message, std::uint16_t id, wire::Bytes question) noexcept;

inline constexpr std::size_t largest_reply = header_length + 255 + 4 + 28; ///< of the two below
/// An answer without records: the bytes used of `into`, which has largest_reply.
std::size_t build_reply(wire::MutableBytes into, const Query& query, Code code) noexcept;
/// An answer with one address, 4 bytes or 16, good for this moment only.
std::size_t build_address_reply(wire::MutableBytes into, const Query& query, wire::Bytes address) noexcept;

} // namespace netstack::dns
