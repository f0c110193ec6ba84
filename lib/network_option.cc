// See lib/network_option.h.
#include "lib/network_option.h"

#include "base/error.h"

#include <charconv>
#include <sstream>

namespace lib {
namespace {

constexpr std::uint32_t smallest_mtu = 1280; ///< IPv6 needs it (RFC 8200, 5)
constexpr std::uint32_t largest_mtu = 65'520;

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> words;
    std::istringstream stream(text);
    for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
    return words;
}

bool parse_truth(const std::string& word, const std::string& value) {
    if (value == "true" || value == "false") return value == "true";
    throw Error(word, ": expected true or false");
}

netstack::Network parse_cidr(const std::string& word, const std::string& value) {
    if (const auto network = netstack::parse_network(value)) return *network;
    throw Error(word, ": \"", value, "\" is no network; 10.0.0.0/8, 2001:db8::/32 or an address are");
}

std::uint32_t parse_mtu(const std::string& word, const std::string& value) {
    std::uint32_t mtu = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mtu);
    if (error != std::errc{} || end != value.data() + value.size() || mtu < smallest_mtu || mtu > largest_mtu)
        throw Error(word, ": the MTU is a number from ", smallest_mtu, " to ", largest_mtu);
    return mtu;
}

/// slirp4netns's options in our words.
std::vector<std::string> from_slirp4netns(const std::vector<std::string>& options) {
    std::vector<std::string> settings;
    for (const std::string& option : options) {
        if (option == "enable_ipv6=true" || option == "port_handler=slirp4netns") continue; // so it is: IPv6, and ports keep the client's address
        if (option.starts_with("allow_host_loopback=")) settings.push_back("host-loopback=" + option.substr(option.find('=') + 1));
        else if (option.starts_with("mtu=")) settings.push_back(option);
        else throw Error(option, ": this option of slirp4netns has no meaning for ctl's own network; allow_host_loopback, mtu, "
                         "enable_ipv6=true and port_handler=slirp4netns have");
    }
    return settings;
}

/// pasta's arguments, as Podman takes them: options and their values alike between commas.
std::vector<std::string> from_pasta(const std::vector<std::string>& options) {
    std::vector<std::string> settings;
    for (std::size_t i = 0; i < options.size(); ++i) {
        const std::string& option = options[i];
        if (option == "--map-gw") settings.emplace_back("host-loopback=true");
        else if (option == "--no-map-gw") settings.emplace_back("host-loopback=false");
        else if (option.starts_with("--mtu=")) settings.push_back(option.substr(2));
        else if ((option == "-m" || option == "--mtu") && i + 1 < options.size()) settings.push_back("mtu=" + options[++i]);
        else throw Error(option, ": this option of pasta has no meaning for ctl's own network; --map-gw, --no-map-gw and -m have");
    }
    return settings;
}

} // namespace

NetworkSettings parse_settings(const std::vector<std::string>& words) {
    NetworkSettings settings;
    for (const std::string& word : words) {
        const auto equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
        if (name == "host-loopback") settings.rules.host_loopback = parse_truth(word, value);
        else if (name == "allow") settings.rules.allow.push_back(parse_cidr(word, value));
        else if (name == "deny") settings.rules.deny.push_back(parse_cidr(word, value));
        else if (name == "mtu") settings.mtu = parse_mtu(word, value);
        else throw Error(word, ": unknown option; host-loopback, allow, deny and mtu are known");
    }
    return settings;
}

NetworkOption parse_network_option(const std::string& text) {
    const auto colon = text.find(':');
    const std::string mode = text.substr(0, colon);
    const bool podmans = mode == "pasta" || mode == "slirp4netns";
    if (!podmans && (colon == std::string::npos || (mode != "default" && mode != "private"))) return {text, {}};
    try {
        const auto words = split_at_commas(colon == std::string::npos ? "" : text.substr(colon + 1));
        NetworkOption option{podmans ? "default" : mode, mode == "pasta" ? from_pasta(words) : mode == "slirp4netns" ? from_slirp4netns(words) : words};
        (void)parse_settings(option.settings);
        return option;
    } catch (Error& e) {
        e.add_context("--network=" + text);
        throw;
    }
}

} // namespace lib
