// IP addresses of either family in one type: 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
#pragma once

#include "netstack/wire/bytes.h"

#include <array>
#include <cstdint>

namespace netstack::wire {

class Address {
public:
    constexpr Address() noexcept = default; ///< ::

    static Address v4(std::uint32_t host_order) noexcept {
        Address a;
        a.bytes_[10] = a.bytes_[11] = std::byte{0xff};
        store32(a.bytes_, 12, host_order);
        return a;
    }
    /// `four` has four bytes, `sixteen` sixteen.
    static Address from_v4(Bytes four) noexcept { return v4(load32(four, 0)); }
    static Address from_v6(Bytes sixteen) noexcept {
        Address a;
        std::memcpy(a.bytes_.data(), sixteen.first(16).data(), 16);
        return a;
    }

    bool is_v4() const noexcept {
        static constexpr std::array<std::byte, 12> prefix{{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}}};
        return std::memcmp(bytes_.data(), prefix.data(), prefix.size()) == 0;
    }
    /// Host byte order; of a v4 address.
    std::uint32_t v4() const noexcept { return load32(bytes_, 12); }
    /// The bytes as they stand in a header of the address's family: 4 or 16.
    Bytes wire() const noexcept { return is_v4() ? Bytes(bytes_).last(4) : Bytes(bytes_); }
    Bytes all() const noexcept { return bytes_; }

    /// 127/8, ::1.
    bool is_loopback() const noexcept;
    /// 0/8, ::.
    bool is_unspecified() const noexcept { return is_v4() ? (v4() >> 24) == 0 : *this == Address{}; }
    /// 224/4, the broadcast address and what else is no one host's (240/4); ff00::/8.
    bool is_multicast() const noexcept { return is_v4() ? (v4() >> 28) >= 0xe : bytes_[0] == std::byte{0xff}; }
    /// fe80::/10, which means nothing without an interface.
    bool is_v6_link_local() const noexcept {
        return bytes_[0] == std::byte{0xfe} && (bytes_[1] & std::byte{0xc0}) == std::byte{0x80};
    }
    bool operator==(const Address&) const noexcept = default;

private:
    std::array<std::byte, 16> bytes_{};
};

inline bool Address::is_loopback() const noexcept {
    if (is_v4()) return (v4() >> 24) == 127;
    Address one;
    one.bytes_[15] = std::byte{1};
    return *this == one;
}

} // namespace netstack::wire
