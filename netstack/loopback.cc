// Loopback set-up by ioctl (up) and rtnetlink (addresses), see netstack/loopback.h.
#include "netstack/loopback.h"

#include "base/error.h"
#include "base/unique_fd.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace netstack {
namespace {

constexpr unsigned loopback_index = 1; ///< the kernel's LOOPBACK_IFINDEX, in every network namespace

UniqueFd open_socket(int family, int type, int protocol, const char* what) {
    UniqueFd fd(::socket(family, type | SOCK_CLOEXEC, protocol));
    if (!fd) throw SysError{errno, what};
    return fd;
}

void bring_up() {
    const UniqueFd fd = open_socket(AF_INET, SOCK_DGRAM, 0, "open a socket for the loopback interface");
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    if (::ioctl(fd.get(), SIOCGIFFLAGS, &request) != 0) throw SysError{errno, "read the state of the loopback interface"};
    if ((request.ifr_flags & IFF_UP) != 0) return;
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    if (::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) throw SysError{errno, "bring the loopback interface up"};
}

/// RTM_NEWADDR (rtnetlink(7)) for one address, with room for an IPv6 one.
struct AddressRequest {
    nlmsghdr header;
    ifaddrmsg body;
    alignas(NLMSG_ALIGNTO) unsigned char attributes[2 * RTA_SPACE(sizeof(in6_addr))];
};

void append_attribute(AddressRequest& request, unsigned short type, const void* value, std::size_t size) {
    rtattr head{};
    head.rta_type = type;
    head.rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
    unsigned char* at = request.attributes + (request.header.nlmsg_len - offsetof(AddressRequest, attributes));
    std::memcpy(at, &head, sizeof head);
    std::memcpy(at + RTA_LENGTH(0), value, size);
    request.header.nlmsg_len += static_cast<unsigned>(RTA_SPACE(size));
}

/// Adds one address to lo: 0, or the kernel's errno.
int add_address(int netlink_fd, int family, const void* address, std::size_t size) {
    AddressRequest request{};
    request.header.nlmsg_len = offsetof(AddressRequest, attributes);
    request.header.nlmsg_type = RTM_NEWADDR;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    request.body.ifa_family = static_cast<unsigned char>(family);
    request.body.ifa_prefixlen = static_cast<unsigned char>(size * 8);
    request.body.ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD;
    request.body.ifa_scope = RT_SCOPE_UNIVERSE;
    request.body.ifa_index = loopback_index;
    append_attribute(request, IFA_LOCAL, address, size);
    append_attribute(request, IFA_ADDRESS, address, size);
    if (::send(netlink_fd, &request, request.header.nlmsg_len, 0) < 0) return errno;

    struct {
        nlmsghdr header;
        nlmsgerr error;
        unsigned char echo[sizeof(AddressRequest)];
    } reply{};
    const ssize_t received = ::recv(netlink_fd, &reply, sizeof reply, 0);
    if (received < 0) return errno;
    if (static_cast<std::size_t>(received) < sizeof reply.header + sizeof reply.error) return EPROTO;
    return reply.header.nlmsg_type == NLMSG_ERROR ? -reply.error.error : EPROTO;
}

/// What a kernel built or booted without IPv6, or a namespace with disable_ipv6, answers.
bool means_no_ipv6(int error) {
    return error == EOPNOTSUPP || error == EAFNOSUPPORT || error == EACCES || error == EINVAL || error == ENODEV;
}

} // namespace

void configure_loopback(const NetworkAddresses& addresses) {
    bring_up();
    const UniqueFd netlink = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, "open a route netlink socket");
    for (const in_addr* v4 : {&addresses.container_v4, &addresses.gateway_v4}) {
        const int error = add_address(netlink.get(), AF_INET, v4, sizeof *v4);
        if (error != 0 && error != EEXIST) throw SysError{error, "give the loopback interface its IPv4 address"};
    }
    for (const in6_addr* v6 : {&addresses.container_v6, &addresses.gateway_v6}) {
        const int error = add_address(netlink.get(), AF_INET6, v6, sizeof *v6);
        if (error != 0 && error != EEXIST && !means_no_ipv6(error))
            throw SysError{error, "give the loopback interface its IPv6 address"};
    }
}

} // namespace netstack
