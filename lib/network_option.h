// The words of --network beyond the mode: options of the default network, and what Podman calls the programs it runs for it.
//
//   default:host-loopback=true,allow=10.0.0.0/8,deny=10.1.0.0/16,mtu=1400     (private: is the same)
//   pasta[:--map-gw,-m,1400]   slirp4netns[:allow_host_loopback=true,mtu=1400]
//
// pasta and slirp4netns mean the default network: their options are taken where it can do what they say, and are an error
// where it cannot.
#pragma once

#include "netstack/policy.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// What can be said of the default network. Recorded as words, which parse_settings() reads.
struct NetworkSettings {
    netstack::PolicyRules rules;
    std::optional<std::uint32_t> mtu; ///< empty: this machine's
};

/// A --network word taken apart.
struct NetworkOption {
    std::string mode;                  ///< for parse_namespace_mode()
    std::vector<std::string> settings; ///< "host-loopback=true", "allow=NETWORK", "deny=NETWORK", "mtu=BYTES"
};

/// Throws Error naming what is wrong with the options; other modes pass as they are.
NetworkOption parse_network_option(const std::string& text);
/// Throws Error.
NetworkSettings parse_settings(const std::vector<std::string>& words);

} // namespace lib
