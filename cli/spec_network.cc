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
        "the last three with .Flows (.Open .Total .Refused .Unreachable .Prohibited .Dropped); .Link.Lost .Link.Malformed "
        ".TCP.Retransmissions .TCP.Timeouts .TCP.OutOfOrder; .Names (.Questions .AnsweredHere .Failed .Dropped).",
    .examples = stats_examples,
    .arguments = optional_running_arguments,
    .options = stats_options,
};

} // namespace cli
