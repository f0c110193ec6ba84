// The host's side of netstack/tap_setup.h.
#include "netstack/tap_setup.h"

#include "base/error.h"
#include "netstack/addresses.h"
#include "netstack/host_address.h"

#include <sys/socket.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace netstack {
namespace {

constexpr std::uint32_t smallest_mtu = 1280; ///< IPv6 needs it (RFC 8200, 5)
constexpr std::uint32_t largest_mtu = 65'520;

const char* words_of(TapStage stage) {
    switch (stage) {
    case TapStage::done: return "set up";
    case TapStage::open: return "open /dev/net/tun";
    case TapStage::create: return "make a TAP interface";
    case TapStage::offload: return "set the offloads of the TAP interface";
    case TapStage::netlink: return "open a socket to configure the network";
    case TapStage::link: return "bring the TAP interface up";
    case TapStage::address_v4: return "give the TAP interface its address";
    case TapStage::route_v4: return "set the default route";
    }
    return "set up the network";
}

std::string explain_open(int error) {
    if (error == EACCES || error == EPERM)
        return "/dev/net/tun may not be opened by this user; on most systems it has mode 0666 (an administrator can say: chmod 0666 /dev/net/tun)";
    if (error == ENOENT || error == ENODEV || error == ENXIO)
        return "there is no /dev/net/tun; the kernel's module tun is missing (an administrator can say: modprobe tun)";
    return cat("/dev/net/tun cannot be opened: ", std::generic_category().message(error));
}

} // namespace

std::string tun_problem() {
    const UniqueFd fd(::open(tun_device, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    return fd ? "" : explain_open(errno);
}

TapPlan default_tap_plan() noexcept {
    const NetworkAddresses addresses = default_addresses();
    TapPlan plan;
    plan.address_v4 = addresses.container_v4;
    plan.gateway_v4 = addresses.gateway_v4;
    plan.address_v6 = addresses.container_v6;
    plan.gateway_v6 = addresses.gateway_v6;
    auto route = find_route(true);
    if (!route) route = find_route(false);
    if (route) plan.mtu = std::clamp(route->mtu, smallest_mtu, largest_mtu);
    return plan;
}

Tap receive_tap(int socket) noexcept {
    TapReport report;
    iovec data{&report, sizeof report};
    alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    Tap tap;
    if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof report)) {
        tap.problem = "the container's process did not report its network";
        return tap;
    }
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr && header->cmsg_type == SCM_RIGHTS) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
        tap.device.reset(fd);
    }
    tap.features.udp_segmentation = report.udp_segmentation != 0;
    if (report.stage == TapStage::open) tap.problem = explain_open(report.error);
    else if (report.error != 0) tap.problem = cat("cannot ", words_of(report.stage), ": ", std::generic_category().message(report.error));
    return tap;
}

} // namespace netstack
