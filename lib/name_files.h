// The files by which a container finds names: /etc/hosts and /etc/resolv.conf.
#pragma once

#include "lib/create_options.h"

#include <array>
#include <string>
#include <vector>

namespace lib {

/// What is known of the container and of this machine when the files are made.
struct NameInput {
    const NameOptions& options;
    std::string network;                      ///< default, none, host
    std::vector<std::string> own_names;       ///< host name and name of the container; those that are empty are left out
    std::string own_address;                  ///< in its network; empty: it has none of its own
    std::string host_address;                 ///< how this machine is reached from inside; empty: not at all
    std::string name_server{};                ///< of the network's own; empty: this machine's
};

/// /etc/hosts: --add-host, then the base file without the names that are taken, then this machine's names where there is a
/// way to it, then the container's own. `base` is the base file's content. Throws Error naming the option.
std::string hosts_file(const NameInput& input, const std::string& base);

/// The names by which a container knows this machine.
inline constexpr std::array host_alias_names{"host.containers.internal", "host.docker.internal"};
/// ASCII, as in host names.
std::string lower_case(std::string text);

/// /etc/resolv.conf: this machine's (`base`), with what --dns, --dns-search and --dns-option say in the place of its own
/// lines, and the network's name server where it has one. A resolver on the loopback is out of reach from another network namespace and left out.
std::string resolver_file(const NameInput& input, const std::string& base);

/// The options contradict each other or the network. Throws Error.
void check_name_options(const NameOptions& options, const std::string& network);

/// --dns=none, --no-hosts, --no-hostname: the image's file stays.
bool keeps_image_hosts(const NameOptions& options);
bool keeps_image_resolver(const NameOptions& options);

} // namespace lib
