// What the name server says, over UDP and TCP alike: the engine's own names, and whom to ask for all others.
#pragma once

#include "netstack/dns/message.h"
#include "netstack/dns/servers.h"
#include "netstack/surroundings.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace netstack::dns {

/// A name that is answered here.
struct LocalName {
    std::string name;      ///< lower case, without a dot at the end
    wire::Address address; ///< v4
    std::optional<wire::Address> v6{}; ///< said only while something can be reached there
};

class Names {
public:
    Names(const ServerList& servers, std::vector<LocalName> local) noexcept : servers_(servers), local_(std::move(local)) {}

    std::span<const SocketName> servers() const noexcept { return servers_.all(); }
    /// From here on these are asked, also with what was asked already and is not answered.
    void ask_others(const ServerList& servers) noexcept {
        servers_ = servers;
        ++changes_;
    }
    /// Another number when others are to be asked.
    std::uint32_t changes() const noexcept { return changes_; }

    /// The answer to a question for a name of the engine's own: how many bytes of `into` it has, which has room for largest_reply; 0 where
    /// others know.
    std::size_t answer(wire::MutableBytes into, const Query& query, Surroundings& around) const noexcept;

private:
    ServerList servers_;
    std::uint32_t changes_ = 0;
    std::vector<LocalName> local_;
};

} // namespace netstack::dns
