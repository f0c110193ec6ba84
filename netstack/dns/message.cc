// See netstack/dns/message.h.
#include "netstack/dns/message.h"

#include <algorithm>

namespace netstack::dns {
namespace {

constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t flag_recursion_available = 0x0080;
constexpr std::uint16_t opcode_mask = 0x7800;
constexpr std::uint8_t longest_label = 63;
constexpr std::size_t largest_name = 253; ///< as text; with the first length and the root 255 bytes in a message

} // namespace

std::optional<Query> Query::parse(wire::Bytes message) noexcept {
    if (message.size() < header_length) return std::nullopt;
    if ((wire::load16(message, 2) & (flag_response | opcode_mask)) != 0 || wire::load16(message, 4) != 1) return std::nullopt;
    Query query;
    query.message_ = message;
    std::size_t at = header_length;
    for (;;) {
        if (at >= message.size()) return std::nullopt;
        const std::uint8_t length = wire::load8(message, at++);
        if (length == 0) break;
        // No compression in a question, and no name above 255 bytes (RFC 1035, 3.1 and 4.1.4).
        if (length > longest_label || at + length > message.size() || query.name_size_ + length + 1 > largest_name) return std::nullopt;
        if (query.name_size_ > 0) query.name_[query.name_size_++] = '.';
        for (std::size_t i = 0; i < length; ++i) {
            const char c = static_cast<char>(wire::load8(message, at + i));
            query.name_[query.name_size_++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
        at += length;
    }
    if (at + 4 > message.size()) return std::nullopt;
    query.type_ = wire::load16(message, at);
    query.class_ = wire::load16(message, at + 2);
    query.question_size_ = at + 4 - header_length;
    return query;
}

bool is_answer(wire::Bytes message, std::uint16_t id, wire::Bytes question) noexcept {
    if (message.size() < header_length || wire::load16(message, 0) != id || (wire::load16(message, 2) & flag_response) == 0) return false;
    if (wire::load16(message, 4) == 0) return true; // refusals may leave the question out
    return message.size() >= header_length + question.size() && std::ranges::equal(message.subspan(header_length, question.size()), question);
}

std::size_t build_reply(wire::MutableBytes into, const Query& query, Code code) noexcept {
    const std::uint16_t wanted = wire::load16(query.message(), 2) & flag_recursion_desired;
    wire::store16(into, 0, query.id());
    wire::store16(into, 2, static_cast<std::uint16_t>(flag_response | wanted | flag_recursion_available | static_cast<unsigned>(code)));
    wire::store16(into, 4, 1);
    wire::store16(into, 6, 0);
    wire::store32(into, 8, 0);
    wire::store_bytes(into, header_length, query.question());
    return header_length + query.question().size();
}

std::size_t build_address_reply(wire::MutableBytes into, const Query& query, wire::Bytes address) noexcept {
    const std::size_t at = build_reply(into, query, Code::no_error);
    wire::store16(into, 6, 1);
    wire::store16(into, at, 0xc000 | header_length); // the question's name
    wire::store16(into, at + 2, address.size() == 4 ? type_a : type_aaaa);
    wire::store16(into, at + 4, class_in);
    wire::store32(into, at + 6, 0); // seconds to keep it
    wire::store16(into, at + 10, static_cast<std::uint16_t>(address.size()));
    wire::store_bytes(into, at + 12, address);
    return at + 12 + address.size();
}

} // namespace netstack::dns
