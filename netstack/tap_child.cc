// Zone C: configure_tap(), see netstack/tap_setup.h. System calls only; nothing that allocates, locks or throws.
#include "netstack/tap_setup.h"

#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <unistd.h>

#include <errno.h>
#include <string.h>

namespace netstack {
namespace {

// Since kernel 6.2; older headers do not name them.
constexpr unsigned long offload_uso = 0x20 | 0x40; // TUN_F_USO4 | TUN_F_USO6
constexpr unsigned long offload_tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

/// A thousand, the default, is not enough when thousands of connections end at once: 27,000 of their segments were dropped.
constexpr std::uint32_t frames_waiting = 4096;

void close_fd(int fd) noexcept { ::syscall(SYS_close, fd); } // no UniqueFd: its destructor is a landing pad

/// One rtnetlink(7) request, built in place.
class Request {
public:
    Request(std::uint16_t type, std::uint16_t flags) noexcept {
        header().nlmsg_len = NLMSG_HDRLEN;
        header().nlmsg_type = type;
        header().nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    }
    template <class Body>
    void add_body(const Body& body) noexcept {
        ::memcpy(bytes_ + header().nlmsg_len, &body, sizeof body);
        header().nlmsg_len += static_cast<std::uint32_t>(NLMSG_ALIGN(sizeof body));
    }
    template <class Value>
    void add(std::uint16_t type, const Value& value) noexcept {
        rtattr attribute{};
        attribute.rta_type = type;
        attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(sizeof value));
        ::memcpy(bytes_ + header().nlmsg_len, &attribute, sizeof attribute);
        ::memcpy(bytes_ + header().nlmsg_len + RTA_LENGTH(0), &value, sizeof value);
        header().nlmsg_len += static_cast<std::uint32_t>(RTA_SPACE(sizeof value));
    }
    /// 0, or the kernel's errno.
    int exchange(int socket) noexcept {
        iovec out{bytes_, header().nlmsg_len};
        msghdr message{};
        message.msg_iov = &out;
        message.msg_iovlen = 1;
        if (::sendmsg(socket, &message, 0) < 0) return errno;
        alignas(nlmsghdr) unsigned char reply[sizeof(nlmsghdr) + sizeof(nlmsgerr) + sizeof bytes_];
        const ssize_t size = ::read(socket, reply, sizeof reply);
        if (size < 0) return errno;
        nlmsghdr head;
        nlmsgerr error;
        if (static_cast<size_t>(size) < sizeof head + sizeof error) return EPROTO;
        ::memcpy(&head, reply, sizeof head);
        ::memcpy(&error, reply + NLMSG_HDRLEN, sizeof error);
        return head.nlmsg_type == NLMSG_ERROR ? -error.error : EPROTO;
    }

private:
    nlmsghdr& header() noexcept { return *reinterpret_cast<nlmsghdr*>(bytes_); }
    alignas(nlmsghdr) unsigned char bytes_[160] = {};
};

int set_link_up(int socket, int index, std::uint32_t mtu) noexcept {
    Request request(RTM_NEWLINK, 0);
    ifinfomsg body{};
    body.ifi_index = index;
    body.ifi_flags = body.ifi_change = IFF_UP;
    request.add_body(body);
    request.add(IFLA_MTU, mtu);
    request.add(IFLA_TXQLEN, frames_waiting);
    return request.exchange(socket);
}

template <class IpAddress>
int add_address(int socket, int index, int family, const IpAddress& address, std::uint8_t prefix) noexcept {
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    ifaddrmsg body{};
    body.ifa_family = static_cast<std::uint8_t>(family);
    body.ifa_prefixlen = prefix;
    body.ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD; // nobody else is on the link
    body.ifa_index = static_cast<std::uint32_t>(index);
    request.add_body(body);
    request.add(IFA_LOCAL, address);
    request.add(IFA_ADDRESS, address);
    return request.exchange(socket);
}

template <class IpAddress>
int add_default_route(int socket, int index, int family, const IpAddress& gateway) noexcept {
    Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
    rtmsg body{};
    body.rtm_family = static_cast<std::uint8_t>(family);
    body.rtm_table = RT_TABLE_MAIN;
    body.rtm_protocol = RTPROT_STATIC;
    body.rtm_scope = RT_SCOPE_UNIVERSE;
    body.rtm_type = RTN_UNICAST;
    request.add_body(body);
    request.add(RTA_GATEWAY, gateway);
    request.add(RTA_OIF, index);
    return request.exchange(socket);
}

/// Addresses and routes; IPv6 as far as the kernel has it.
TapReport configure_interface(const TapPlan& plan, int index, TapReport report) noexcept {
    const auto failed = [&](TapStage stage, int error) noexcept {
        report.stage = stage;
        report.error = error;
        return report;
    };
    const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (socket < 0) return failed(TapStage::netlink, errno);
    TapStage stage = TapStage::link;
    int error = set_link_up(socket, index, plan.mtu);
    if (error == 0) {
        stage = TapStage::address_v4;
        error = add_address(socket, index, AF_INET, plan.address_v4, plan.prefix_v4);
    }
    if (error == 0) {
        stage = TapStage::route_v4;
        error = add_default_route(socket, index, AF_INET, plan.gateway_v4);
    }
    if (error == 0)
        report.has_v6 = add_address(socket, index, AF_INET6, plan.address_v6, plan.prefix_v6) == 0 &&
                        add_default_route(socket, index, AF_INET6, plan.gateway_v6) == 0;
    close_fd(socket);
    return error == 0 ? report : failed(stage, error);
}

TapReport make_tap(const TapPlan& plan, int& device) noexcept {
    TapReport report;
    const auto failed = [&](TapStage stage) noexcept {
        report.stage = stage;
        report.error = errno;
        return report;
    };
    device = ::open(tun_device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0) return failed(TapStage::open);
    ifreq request{};
    ::memcpy(request.ifr_name, interface_name, sizeof "eth0");
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (::ioctl(device, TUNSETIFF, &request) != 0) return failed(TapStage::create);
    report.udp_segmentation = ::ioctl(device, TUNSETOFFLOAD, offload_tso | offload_uso) == 0;
    if (report.udp_segmentation == 0 && ::ioctl(device, TUNSETOFFLOAD, offload_tso) != 0 &&
        ::ioctl(device, TUNSETOFFLOAD, static_cast<unsigned long>(TUN_F_CSUM)) != 0)
        return failed(TapStage::offload);
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return failed(TapStage::netlink);
    const int found = ::ioctl(socket, SIOCGIFINDEX, &request);
    if (found != 0) failed(TapStage::link);
    close_fd(socket);
    return found != 0 ? report : configure_interface(plan, request.ifr_ifindex, report);
}

void send_report(int socket, const TapReport& report, int device) noexcept {
    TapReport copy = report;
    iovec data{&copy, sizeof copy};
    alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (report.error == 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof device);
        ::memcpy(CMSG_DATA(header), &device, sizeof device);
    }
    ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

} // namespace

int configure_tap(const void* plan) noexcept {
    const TapPlan& tap = *static_cast<const TapPlan*>(plan);
    int device = -1;
    const TapReport report = make_tap(tap, device);
    send_report(tap.report_fd, report, device);
    if (device >= 0) close_fd(device);
    close_fd(tap.report_fd);
    return 0;
}

} // namespace netstack
