// Published ports, see lib/publish.h.
#include "lib/publish.h"

#include "base/error.h"
#include "base/files.h"
#include "lib/activated_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <optional>
#include <sstream>
#include <system_error>

namespace lib {
namespace {

/// The parts of a `-p` word before ranges are looked at; absent parts are empty.
struct Parts {
    std::string_view host_ip;
    std::string_view host_ports;
    std::string_view container_ports;
    Transport transport = Transport::tcp;
};

struct PortRange {
    std::uint16_t first;
    std::uint16_t last;
    int size() const { return last - first + 1; }
};

constexpr const char* usage = "expected [ip:][hostPort]:containerPort[/tcp|/udp] or containerPort";

template <class... A>
[[noreturn]] void refuse(std::string_view word, const A&... why) {
    throw Error("-p ", word, ": ", why...);
}

/// Takes "/tcp" off.
std::string_view without_protocol(std::string_view word, Transport& transport) {
    const auto slash = word.find('/');
    if (slash == std::string_view::npos) return word;
    const std::string_view protocol = word.substr(slash + 1);
    if (protocol == "sctp") refuse(word, "publishing sctp ports is not supported, only tcp and udp");
    if (protocol != "tcp" && protocol != "udp") refuse(word, "unknown protocol \"", protocol, "\", expected tcp or udp");
    if (protocol == "udp") transport = Transport::udp;
    return word.substr(0, slash);
}

/// Splits at the last two colons outside brackets; with an address the host port may be empty.
Parts split(std::string_view word) {
    Parts parts;
    const std::string_view rest = without_protocol(word, parts.transport);
    const auto colon = rest.rfind(':');
    parts.container_ports = rest.substr(colon == std::string_view::npos ? 0 : colon + 1);
    if (colon == std::string_view::npos) return parts;

    const std::string_view host = rest.substr(0, colon);
    if (host.starts_with('[')) {
        const auto bracket = host.find(']');
        if (bracket == std::string_view::npos || bracket + 1 >= host.size() || host[bracket + 1] != ':')
            refuse(word, "an IPv6 address is written [address]:hostPort:containerPort");
        parts.host_ip = host.substr(1, bracket - 1);
        parts.host_ports = host.substr(bracket + 2);
        if (parts.host_ip.empty()) refuse(word, "the host address is empty");
        return parts;
    }
    const auto host_colon = host.rfind(':');
    if (host_colon == std::string_view::npos) {
        if (host.empty()) refuse(word, "the host port is empty; for a port chosen by the system leave the colon out");
        parts.host_ports = host;
        return parts;
    }
    parts.host_ip = host.substr(0, host_colon);
    parts.host_ports = host.substr(host_colon + 1);
    if (parts.host_ip.empty()) refuse(word, "the host address is empty");
    if (parts.host_ip.find(':') != std::string_view::npos) refuse(word, "an IPv6 address needs brackets: [address]:hostPort:containerPort");
    return parts;
}

std::uint16_t parse_port(std::string_view word, std::string_view text) {
    unsigned value = 0;
    const char* const text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, value);
    if (text.empty() || end != text_end || error == std::errc::invalid_argument)
        refuse(word, "\"", text, "\" is not a port number; ", usage);
    if (error != std::errc() || value < 1 || value > 65535) refuse(word, "port ", text, " is not between 1 and 65535");
    return static_cast<std::uint16_t>(value);
}

PortRange parse_range(std::string_view word, std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        const std::uint16_t port = parse_port(word, text);
        return {port, port};
    }
    const PortRange range{parse_port(word, text.substr(0, dash)), parse_port(word, text.substr(dash + 1))};
    if (range.first > range.last) refuse(word, "the range ", text, " runs backwards");
    return range;
}

bool is_address(int family, const std::string& text) {
    in6_addr ignored;
    return ::inet_pton(family, text.c_str(), &ignored) == 1;
}

/// A host address as inet_pton takes it; names are refused, their meaning may change under the container.
std::string check_address(std::string_view word, std::string_view text) {
    std::string address(text);
    if (!is_address(AF_INET, address) && !is_address(AF_INET6, address))
        refuse(word, "\"", text, "\" is not an IPv4 or IPv6 address");
    return address;
}

/// A socket address of either family.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress make_address(int family, const std::string& ip, std::uint16_t port) {
    SocketAddress address;
    if (family == AF_INET) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        if (!ip.empty()) ::inet_pton(AF_INET, ip.c_str(), &v4->sin_addr);
        address.size = sizeof *v4;
    } else {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        if (!ip.empty()) ::inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr);
        address.size = sizeof *v6;
    }
    return address;
}

/// socket, bind, listen; errno of the step that failed in `error`. `both` lets an IPv6 socket take IPv4 as well.
enum class Families { one, both };

UniqueFd try_listen(int family, Families families, const PortMapping& mapping, int& error) {
    const bool is_udp = mapping.transport == Transport::udp;
    UniqueFd fd(::socket(family, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int reuse = is_udp ? 0 : 1;
    const int v6_only = families == Families::one ? 1 : 0;
    const SocketAddress address = make_address(family, mapping.host_ip, mapping.host_port);
    // SO_REUSEADDR: connections of an earlier run in TIME_WAIT do not hold the port. Listeners still exclude each other; those of udp would not.
    if (fd && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0
        && (family == AF_INET || ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) == 0)
        && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0
        && (is_udp || ::listen(fd.get(), SOMAXCONN) == 0))
        return fd;
    error = errno;
    return {};
}

std::uint16_t bound_port(int fd) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) throw SysError{errno, "read the port chosen for -p"};
    return ntohs(bound.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&bound)->sin_port
                                            : reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port);
}

/// The socket inode bound to `port` in that state, by /proc/net/tcp and its like (proc(5)): fields 1 (local), 3 (state), 9 (inode).
std::optional<std::string> find_inode(const std::string& table, std::uint16_t port, std::string_view wanted_state) {
    std::istringstream lines(files::find(table).value_or(""));
    std::string line;
    std::getline(lines, line); // the heading
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
        fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
        const auto colon = local.rfind(':');
        if (state != wanted_state || colon == std::string::npos) continue;
        unsigned local_port = 0;
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), local_port, 16);
        if (local_port == port) return inode;
    }
    return std::nullopt;
}

bool has_socket(const std::string& pid, const std::string& link_text) {
    const std::string directory = cat("/proc/", pid, "/fd");
    for (const std::string& fd : files::list(AT_FDCWD, directory)) {
        char target[64];
        const ssize_t size = ::readlink(cat(directory, "/", fd).c_str(), target, sizeof target);
        if (size > 0 && std::string_view(target, static_cast<std::size_t>(size)) == link_text) return true;
    }
    return false;
}

/// " by NAME (process N)" when the holder is a process we may look into, else nothing.
std::string describe_holder(std::uint16_t port, Transport transport) {
    const std::string table = cat("/proc/net/", to_string(transport));
    const std::string_view state = transport == Transport::udp ? "07" : "0A"; // TCP_CLOSE and TCP_LISTEN
    auto inode = find_inode(table, port, state);
    if (!inode) inode = find_inode(table + "6", port, state);
    if (!inode) return "";
    const std::string link_text = cat("socket:[", *inode, "]");
    for (const std::string& pid : files::list(AT_FDCWD, "/proc")) {
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        try {
            if (!has_socket(pid, link_text)) continue;
            if (pid == std::to_string(::getpid())) return " by another -p of this command";
            std::string name = files::find(cat("/proc/", pid, "/comm")).value_or("");
            while (!name.empty() && name.back() == '\n') name.pop_back();
            return cat(" by ", name, " (process ", pid, ")");
        } catch (const SysError&) {
            continue; // another user's process, or one that has just ended
        }
    }
    return "";
}

std::string unprivileged_port_start() {
    std::string text = files::find("/proc/sys/net/ipv4/ip_unprivileged_port_start").value_or("1024");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

[[noreturn]] void explain_failure(const PortMapping& mapping, const std::string& shown_ip, int error) {
    const std::string where = cat("port ", mapping.host_port, "/", to_string(mapping.transport), " on ", shown_ip);
    switch (error) {
    case EADDRINUSE:
        if (mapping.host_port == 0) throw Error("no free port is left on ", shown_ip, " for container port ", mapping.container_port);
        throw Error(where, " is already in use", describe_holder(mapping.host_port, mapping.transport));
    case EADDRNOTAVAIL: throw Error("cannot publish ", where, ": the host has no such address");
    case EAFNOSUPPORT: throw Error("cannot publish ", where, ": this kernel has no IPv6");
    case EACCES:
        throw Error("cannot publish ", where, ": ports below ", unprivileged_port_start(),
                    " are reserved; publish a higher port (-p 8080:", mapping.container_port,
                    "), or have the administrator choose one of three ways: sysctl net.ipv4.ip_unprivileged_port_start=", mapping.host_port,
                    "; the capability CAP_NET_BIND_SERVICE for ctl (setcap cap_net_bind_service=ep, or AmbientCapabilities= of a systemd unit); "
                    "a .socket unit of systemd with Listen", mapping.transport == Transport::udp ? "Datagram" : "Stream", "=", mapping.host_port,
                    " for the service that runs ctl");
    default: throw SysError{error, cat("open ", where)};
    }
}

Listener open_listener(const PortMapping& mapping) {
    Listener listener{{}, mapping, mapping};
    int error = 0;
    if (mapping.host_ip.empty()) listener.resolved.host_ip = "0.0.0.0";
    if (UniqueFd activated = find_activated_socket(mapping)) {
        listener.fd = std::move(activated);
    } else if (mapping.host_ip.empty()) {
        listener.fd = try_listen(AF_INET6, Families::both, mapping, error);
        // No IPv6 in this kernel (EAFNOSUPPORT) or switched off (EADDRNOTAVAIL): IPv4 is every address there is.
        if (!listener.fd && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT))
            listener.fd = try_listen(AF_INET, Families::one, mapping, error);
    } else {
        const int family = is_address(AF_INET, mapping.host_ip) ? AF_INET : AF_INET6;
        listener.fd = try_listen(family, Families::one, mapping, error);
    }
    if (!listener.fd) explain_failure(mapping, listener.resolved.host_ip, error);
    listener.resolved.host_port = bound_port(listener.fd.get());
    return listener;
}

std::uint16_t exposed_number(const std::string& word, const std::string& text) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0)
        throw Error("--expose ", word, ": expected a port from 1 to 65535, or a range of them, as in 8000-8010/tcp");
    return number;
}

} // namespace

std::string_view to_string(Transport transport) { return transport == Transport::udp ? "udp" : "tcp"; }

std::string PortMapping::container_side() const { return cat(container_port, "/", to_string(transport)); }

std::vector<PortMapping> parse_publish(std::string_view word) {
    const Parts parts = split(word);
    const std::string host_ip = parts.host_ip.empty() ? "" : check_address(word, parts.host_ip);
    const PortRange container = parse_range(word, parts.container_ports);
    std::optional<PortRange> host;
    if (!parts.host_ports.empty()) host = parse_range(word, parts.host_ports);
    if (host && host->size() != container.size())
        refuse(word, "the ranges have different lengths: ", host->size(), " host ports for ", container.size(), " container ports");

    std::vector<PortMapping> mappings;
    for (int i = 0; i < container.size(); ++i)
        mappings.push_back({host_ip, static_cast<std::uint16_t>(host ? host->first + i : 0),
                            static_cast<std::uint16_t>(container.first + i), parts.transport});
    return mappings;
}

std::vector<std::string> exposed_ports(std::vector<std::string> ports, const std::vector<std::string>& added) {
    for (const std::string& word : added) {
        const auto slash = word.find('/');
        const std::string protocol = slash == std::string::npos ? "tcp" : word.substr(slash + 1);
        if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") throw Error("--expose ", word, ": the protocols are tcp, udp and sctp");
        const std::string numbers = word.substr(0, slash);
        const auto dash = numbers.find('-');
        const int first = exposed_number(word, numbers.substr(0, dash));
        const int last = dash == std::string::npos ? first : exposed_number(word, numbers.substr(dash + 1));
        if (last < first) throw Error("--expose ", word, ": the range is empty");
        for (int number = first; number <= last; ++number)
            if (std::string port = cat(number, "/", protocol); std::ranges::find(ports, port) == ports.end()) ports.push_back(std::move(port));
    }
    return ports;
}

std::vector<Listener> open_listeners(std::span<const PortMapping> mappings) {
    std::vector<Listener> listeners;
    listeners.reserve(mappings.size());
    for (const PortMapping& mapping : mappings) listeners.push_back(open_listener(mapping));
    return listeners;
}

} // namespace lib
