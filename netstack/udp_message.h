// A msghdr with room for the control messages that UDP uses here (cmsg(3), udp(7), ip(7), ipv6(7)).
#pragma once

#include "netstack/host_address.h"
#include "netstack/wire/address.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace netstack {

class UdpMessage {
public:
    explicit UdpMessage(std::span<iovec> pieces) noexcept {
        header_.msg_iov = pieces.data();
        header_.msg_iovlen = pieces.size();
    }
    UdpMessage(const UdpMessage&) = delete;
    UdpMessage& operator=(const UdpMessage&) = delete;

    // To be sent. What is named stays the caller's until then.

    void set_destination(const SocketName& peer) noexcept {
        header_.msg_name = const_cast<sockaddr*>(peer.get());
        header_.msg_namelen = peer.length();
    }
    /// The address it comes from; `socket_family`: of the socket it leaves by.
    void set_source(const wire::Address& own, int socket_family) noexcept {
        if (socket_family == AF_INET) {
            in_pktinfo info{};
            std::memcpy(&info.ipi_spec_dst, own.wire().data(), sizeof info.ipi_spec_dst);
            put(IPPROTO_IP, IP_PKTINFO, info);
        } else {
            in6_pktinfo info{};
            std::memcpy(&info.ipi6_addr, own.all().data(), sizeof info.ipi6_addr);
            put(IPPROTO_IPV6, IPV6_PKTINFO, info);
        }
    }
    void set_segment_size(std::uint16_t size) noexcept { put(SOL_UDP, UDP_SEGMENT, size); }

    // To be received into, once.

    void expect(SocketName* peer) noexcept {
        if (peer != nullptr) {
            header_.msg_name = peer->get();
            header_.msg_namelen = sizeof(sockaddr_storage);
        }
        header_.msg_control = control_.data();
        header_.msg_controllen = control_.size();
    }
    /// Bytes of each datagram of several that came together; 0: it is one.
    std::size_t segment_size() noexcept {
        int size = 0;
        find(SOL_UDP, UDP_GRO, size);
        return static_cast<std::size_t>(size);
    }
    /// Where it was sent to; :: where the socket does not tell.
    wire::Address own_address() noexcept {
        in_pktinfo v4{};
        in6_pktinfo v6{};
        if (find(IPPROTO_IPV6, IPV6_PKTINFO, v6)) return wire::Address::from_v6(std::as_bytes(std::span(v6.ipi6_addr.s6_addr)));
        if (find(IPPROTO_IP, IP_PKTINFO, v4)) return wire::Address::v4(ntohl(v4.ipi_addr.s_addr));
        return {};
    }

    msghdr* get() noexcept { return &header_; }

private:
    template <class Value>
    void put(int level, int type, const Value& value) noexcept {
        header_.msg_control = control_.data();
        header_.msg_controllen = used_ + CMSG_SPACE(sizeof value);
        auto* const control = reinterpret_cast<cmsghdr*>(control_.data() + used_);
        control->cmsg_level = level;
        control->cmsg_type = type;
        control->cmsg_len = CMSG_LEN(sizeof value);
        std::memcpy(CMSG_DATA(control), &value, sizeof value);
        used_ += CMSG_SPACE(sizeof value);
    }
    template <class Value>
    bool find(int level, int type, Value& value) noexcept {
        for (cmsghdr* control = CMSG_FIRSTHDR(&header_); control != nullptr; control = CMSG_NXTHDR(&header_, control)) {
            if (control->cmsg_level != level || control->cmsg_type != type) continue;
            std::memcpy(&value, CMSG_DATA(control), sizeof value);
            return true;
        }
        return false;
    }

    msghdr header_{};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(int))> control_{};
    std::size_t used_ = 0;
};

} // namespace netstack
