// The description of the commands that look into a container's network.
#include "cli/spec_targets.h"
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr ExampleSpec group_examples[] = {{"ctl network stats web", "What a container's network has carried."}};

constexpr OptionSpec stats_options[] = {
    {.long_name = "format", .value = "FORMAT", .default_text = "table", .help = format_help},
    latest_option,
    {.long_name = "no-trunc", .help = "Print ids in full"},
};
constexpr ExampleSpec stats_examples[] = {
    {"ctl network stats", "A line for each protocol of each running container."},
    {"ctl network stats --format '{{.Name}} {{.TCP.Flows.Open}} {{.TCP.Retransmissions}}' web", "Two numbers of one container."},
    {"ctl network stats --format json web", "All numbers, for a program."},
};

constexpr ArgumentSpec capture_arguments[] = {
    {.name = "CONTAINER", .help = "Name, id, or the start of an id", .completes = Completes::running_containers},
    {.name = "FILE", .help = "File to be written, anew; - for standard output", .completes = Completes::files},
};
constexpr OptionSpec capture_options[] = {
    {.long_name = "count", .short_name = 'c', .value = "NUMBER", .help = "End after so many packets"},
    {.long_name = "snapshot-length", .short_name = 's', .value = "BYTES", .default_text = "65549", .help = "Bytes of each packet that are kept"},
};
constexpr ExampleSpec capture_examples[] = {
    {"ctl network capture web web.pcap", "Until Ctrl-C; then tcpdump -r web.pcap."},
    {"ctl network capture web - | tcpdump -n -r -", "Look at them as they come."},
    {"ctl network capture -s 96 -c 1000 web web.pcap", "The headers of a thousand packets."},
};

} // namespace

constexpr CommandSpec network_group{
    .name = "network",
    .group = group_groups,
    .brief = "Look into the networks of containers",
    .description = "Each container has a network of its own (`ctl run --network`); these commands look into it. Networks with names, "
                   "which several containers share, are not supported yet.",
    .examples = group_examples,
    .arguments = group_arguments,
    .options = {},
    .ends_options_at_argument = true,
    .is_group = true,
};

constexpr CommandSpec network_capture_spec{
    .name = "network capture",
    .group = group_manage,
    .brief = "Write the packets of a container to a file",
    .description =
        "Copies all packets of a container with ctl's own network (--network default) into a file that tcpdump -r, Wireshark and the "
        "like read (pcap), until it is interrupted, so many have come (--count), or the container ends. Those of its loopback and "
        "between containers that share a network are not among them. The data path does not wait for the file: packets that it "
        "is too slow for are left out, and how many is said at the end.\n\n"
        "Packets are as the container's kernel gives and takes them: up to 64 KiB long, with checksums that are not computed yet. One "
        "capture of a container at a time. To have the first packets as well, prepare it with ctl create and ctl init, begin to capture, "
        "then ctl start it.",
    .examples = capture_examples,
    .arguments = capture_arguments,
    .options = capture_options,
};

constexpr CommandSpec network_stats_spec{
    .name = "network stats",
    .group = group_manage,
    .brief = "Show what the networks of containers have carried",
    .description =
        "Shows the counters of ctl's own network (--network default) since the container's start: packets and bytes to the container and "
        "from it, connections that are open and that there were, those that were refused, unreachable, prohibited (allow and deny of "
        "--network) or had no room, and segments that were sent to the container again. Without names, of all running containers that "
        "have such a network.\n\n"
        "Packets are frames on the container's interface, where one may be 64 KiB. For UDP a connection is a pair of ends that have spoken "
        "lately, for ICMP a ping. Without an interface (/dev/net/tun) only the streams of published ports are counted.\n\n"
        "Fields of --format: .ID .Name .Interface .Restarts .Link, .TCP, .UDP and .ICMP, each with .ToContainer and .FromContainer (.Packets .Bytes), "
        "the last three with .Flows (.Open .Total .Refused .Unreachable .Prohibited .Dropped); .Link.Lost .Link.Malformed .Link.NotCaptured "
        ".TCP.Retransmissions .TCP.Timeouts .TCP.OutOfOrder; .Names (.Questions .AnsweredHere .Failed .Dropped).",
    .examples = stats_examples,
    .arguments = optional_running_arguments,
    .options = stats_options,
};

} // namespace cli
