// See netstack/dns/servers.h.
#include "netstack/dns/servers.h"

#include "base/unique_fd.h"
#include "netstack/policy.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

namespace netstack::dns {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view take_word(std::string_view& line) noexcept {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

/// "fe80::1%eth0": the interface's number; 0 where there is none.
std::uint32_t scope_of(std::string_view name) noexcept {
    std::uint32_t number = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), number).ptr == name.data() + name.size() && !name.empty()) return number;
    ifreq request{}; // not if_nametoindex(3): it makes a Unix socket, which the net process may not
    if (name.size() >= sizeof request.ifr_name) return 0;
    std::ranges::copy(name, std::begin(request.ifr_name));
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return fd && ::ioctl(fd.get(), SIOCGIFINDEX, &request) == 0 ? static_cast<std::uint32_t>(request.ifr_ifindex) : 0;
}

} // namespace

ServerList parse_servers(std::string_view text) noexcept {
    ServerList list;
    while (!text.empty() && list.count < list.servers.size()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (take_word(line) != "nameserver") continue;
        const std::string_view word = take_word(line);
        const auto percent = word.find('%');
        const auto address = parse_address(word.substr(0, percent));
        if (!address) continue;
        const std::uint32_t scope = percent == std::string_view::npos ? 0 : scope_of(word.substr(percent + 1));
        list.servers[list.count++] = SocketName(*address, port, scope);
    }
    if (list.count == 0) list.servers[list.count++] = SocketName(wire::Address::v4(INADDR_LOOPBACK), port);
    return list;
}

} // namespace netstack::dns
