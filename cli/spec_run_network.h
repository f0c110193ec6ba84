// Options of run and create about the network and names in it. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec network_options[] = {
    {.long_name = "network", .alias = "net", .value = "MODE",
     .help = "Network: default[:OPTION,...] (its own, with a way out and published ports), none, host (this machine's),\n"
             "container:NAME (shared with another container), or ns:PATH. Options: host-loopback=true (the gateway leads to\n"
             "this machine's loopback), allow=NETWORK, deny=NETWORK (where it may go), mtu=BYTES. pasta and slirp4netns mean\n"
             "the default network, with their options as far as they have a meaning",
     .completes = Completes::words, .words = "default none host"},
    {.long_name = "publish", .short_name = 'p', .value = "[[IP:]PORT:]PORT[/udp]", .repeatable = true,
     .help = "Make a port of the container reachable on this machine: HOST:CONTAINER, ranges allowed; without a\n"
             "host port a free one is chosen"},
    {.long_name = "publish-all", .short_name = 'P', .help = "Make all exposed ports reachable, on free ports of this machine"},
    {.long_name = "expose", .value = "PORT[-PORT][/udp]", .repeatable = true,
     .help = "A port that the container listens on, besides those that the image names: for --publish-all and for who looks"},
    {.long_name = "hostname", .short_name = 'h', .value = "NAME", .default_text = "start of the id",
     .help = "Host name inside the container"},
    {.long_name = "no-hostname", .help = "Leave /etc/hostname to the image"},
    {.long_name = "add-host", .value = "NAME[;NAME...]:ADDRESS", .repeatable = true,
     .help = "Add a line to /etc/hosts; the address host-gateway is this machine's"},
    {.long_name = "hosts-file", .value = "FILE", .default_text = "/etc/hosts",
     .help = "File that /etc/hosts begins with: a path, image, or none", .completes = Completes::files},
    {.long_name = "no-hosts", .help = "Leave /etc/hosts to the image"},
    {.long_name = "dns", .value = "ADDRESS", .repeatable = true,
     .help = "Name server in /etc/resolv.conf in place of this machine's; none leaves the file to the image"},
    {.long_name = "dns-search", .value = "DOMAIN", .repeatable = true,
     .help = "Search domain in /etc/resolv.conf; \".\" for none"},
    {.long_name = "dns-option", .value = "OPTION", .repeatable = true, .help = "Option in /etc/resolv.conf"},
};

} // namespace cli
