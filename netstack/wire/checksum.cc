// The sum of 16-bit words, eight bytes at a time; see netstack/wire/checksum.h.
#include "netstack/wire/checksum.h"

namespace netstack::wire {

// RFC 1071, 2(B): the sum does not depend on the byte order it is made in, so words are added as they lie and the result is
// swapped once.
void Sum::add(Bytes bytes) noexcept {
    std::uint64_t sum = 0;
    const auto add_carry = [&sum](std::uint64_t value) noexcept {
        sum += value;
        sum += sum < value ? 1 : 0;
    };
    std::uint64_t word;
    for (; bytes.size() >= sizeof word; bytes = bytes.subspan(sizeof word)) {
        std::memcpy(&word, bytes.data(), sizeof word);
        add_carry(word);
    }
    word = 0;
    if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size()); // an odd byte counts as the high one of its word
    add_carry(word);
    while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
    sum_ += __builtin_bswap16(static_cast<std::uint16_t>(sum));
}

} // namespace netstack::wire
