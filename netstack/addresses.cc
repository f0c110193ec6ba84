// The binary form of the network's addresses, see netstack/addresses.h.
#include "netstack/addresses.h"

#include <arpa/inet.h>

namespace netstack {

NetworkAddresses default_addresses() noexcept {
    NetworkAddresses addresses{};
    ::inet_pton(AF_INET, container_v4_text, &addresses.container_v4);
    ::inet_pton(AF_INET, gateway_v4_text, &addresses.gateway_v4);
    ::inet_pton(AF_INET6, container_v6_text, &addresses.container_v6);
    ::inet_pton(AF_INET6, gateway_v6_text, &addresses.gateway_v6);
    return addresses;
}

} // namespace netstack
