// /etc/hosts and /etc/resolv.conf, see lib/name_files.h.
#include "lib/name_files.h"

#include "base/error.h"

#include <arpa/inet.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace lib {
namespace {

constexpr const char* gateway_word = "host-gateway";

bool is_address(const std::string& text) {
    unsigned char bytes[16];
    const std::string plain = text.substr(0, text.find('%')); // a scope may follow: fe80::1%eth0
    return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, plain.c_str(), bytes) == 1;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

/// One --add-host: NAME[;NAME…]:ADDRESS.
struct HostEntry {
    std::string address;
    std::vector<std::string> names;
};

HostEntry parse_add_host(const std::string& option, const NameInput& input) {
    const auto colon = option.find(':');
    if (colon == std::string::npos || colon == 0) throw Error("--add-host ", option, ": NAME:ADDRESS is needed");
    HostEntry entry{option.substr(colon + 1), split(option.substr(0, colon), ';')};
    if (entry.address.starts_with('[') && entry.address.ends_with(']')) entry.address = entry.address.substr(1, entry.address.size() - 2);
    for (const std::string& name : entry.names)
        if (name.empty() || name.find_first_of(" \t\n#") != std::string::npos) throw Error("--add-host ", option, ": \"", name, "\" is not a host name");
    if (entry.address == gateway_word) {
        if (input.host_address.empty())
            throw Error("--add-host ", option, ": this container's network has no way to this machine; --network=host has, or set "
                        "host_containers_internal_ip in containers.conf");
        entry.address = input.host_address;
    } else if (!is_address(entry.address)) {
        throw Error("--add-host ", option, ": \"", entry.address, "\" is not an IP address");
    }
    return entry;
}

/// A line of a hosts file as words, without its comment.
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    std::istringstream stream(line.substr(0, line.find('#')));
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

std::string line_of(const std::string& address, const std::vector<std::string>& names) {
    std::string line = address + "\t";
    for (std::size_t i = 0; i < names.size(); ++i) line += (i == 0 ? "" : " ") + names[i];
    return line + "\n";
}

} // namespace

void check_name_options(const NameOptions& options, const std::string& network) {
    if (options.no_hosts && !options.add_hosts.empty()) throw Error("--no-hosts and --add-host exclude each other");
    if (options.no_hosts && !options.hosts_file.empty()) throw Error("--no-hosts and --hosts-file exclude each other");
    const bool resolves = !options.dns.empty() || !options.dns_searches.empty() || !options.dns_options.empty();
    const bool shared = network.starts_with("container:");
    if (shared && (resolves || !options.add_hosts.empty() || !options.hosts_file.empty()))
        throw Error("--dns, --dns-search, --dns-option, --add-host and --hosts-file are the business of the container whose network is "
                    "shared (--network=", network, ")");
    if (network == "none" && resolves) throw Error("--dns, --dns-search and --dns-option are of no use with --network=none");
    for (const std::string& server : options.dns) {
        if (server == "none" && options.dns.size() == 1) continue;
        if (!is_address(server)) throw Error("--dns ", server, ": not an IP address");
    }
}

bool keeps_image_hosts(const NameOptions& options) { return options.no_hosts; }
bool keeps_image_resolver(const NameOptions& options) { return options.dns == std::vector<std::string>{"none"}; }

std::string lower_case(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

std::string hosts_file(const NameInput& input, const std::string& base) {
    std::string text;
    std::set<std::string> taken;
    for (const std::string& option : input.options.add_hosts) {
        const HostEntry entry = parse_add_host(option, input);
        text += line_of(entry.address, entry.names);
        taken.insert(entry.names.begin(), entry.names.end());
    }
    bool has_localhost = taken.contains("localhost");
    for (const std::string& line : split(base, '\n')) {
        std::vector<std::string> words = words_of(line);
        if (words.size() < 2) continue;
        const std::string address = words.front();
        words.erase(words.begin());
        std::erase_if(words, [&](const std::string& word) { return taken.contains(word); });
        has_localhost = has_localhost || std::ranges::find(words, "localhost") != words.end();
        if (!words.empty()) text += line_of(address, words);
    }
    if (!has_localhost) text += "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
    if (!input.host_address.empty() && input.options.host_address != "none") text += line_of(input.host_address, {host_alias_names.begin(), host_alias_names.end()});
    std::vector<std::string> own = input.own_names;
    std::erase_if(own, [&](const std::string& name) { return name.empty() || taken.contains(name); });
    if (!own.empty() && !input.own_address.empty()) text += line_of(input.own_address, own);
    return text;
}

std::string resolver_file(const NameInput& input, const std::string& base) {
    const NameOptions& options = input.options;
    std::string text;
    for (const std::string& line : split(base, '\n')) {
        const std::vector<std::string> words = words_of(line);
        if (words.size() < 2) continue;
        const bool loopback = words[1].starts_with("127.") || words[1] == "::1";
        const bool replaced = !options.dns.empty() || !input.name_server.empty();
        if (words[0] == "nameserver" && (replaced || (loopback && input.network != "host"))) continue;
        if ((words[0] == "search" || words[0] == "domain") && !options.dns_searches.empty()) continue;
        if (words[0] == "options" && !options.dns_options.empty()) continue;
        text += line + "\n";
    }
    const auto add = [&](const char* key, const std::vector<std::string>& values) {
        std::string line;
        for (const std::string& value : values) line += " " + value;
        if (!line.empty()) text += key + line + "\n";
    };
    if (options.dns_searches != std::vector<std::string>{"."}) add("search", options.dns_searches);
    if (options.dns.empty() && !input.name_server.empty()) text += cat("nameserver ", input.name_server, "\n");
    for (const std::string& server : options.dns)
        if (server != "none") text += cat("nameserver ", server, "\n");
    add("options", options.dns_options);
    return text;
}

} // namespace lib
