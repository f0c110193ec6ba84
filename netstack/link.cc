// A TAP as a link; see netstack/link.h.
#include "netstack/link.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace netstack {

ssize_t TapLink::read(wire::MutableBytes into) noexcept {
    for (;;) {
        const ssize_t count = ::read(fd_, into.data(), into.size());
        if (count >= 0) return count;
        if (errno == EAGAIN) return 0;
        if (errno != EINTR) return -1;
    }
}

bool TapLink::write(std::span<const iovec> pieces) noexcept {
    for (;;) {
        if (::writev(fd_, pieces.data(), static_cast<int>(pieces.size())) >= 0) return true;
        if (errno != EINTR) return false;
    }
}

std::optional<wire::MacAddress> TapLink::peer_mac() const noexcept {
    ifreq request{};
    if (::ioctl(fd_, SIOCGIFHWADDR, &request) != 0 || request.ifr_hwaddr.sa_family != ARPHRD_ETHER) return std::nullopt;
    wire::MacAddress mac;
    std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
    return mac;
}

} // namespace netstack
