// ctl network stats, capture.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/capture.h"
#include "lib/network_stats.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cli {
namespace {

using nlohmann::json;

json traffic_document(const netstack::Traffic& traffic) { return {{"Packets", traffic.packets}, {"Bytes", traffic.bytes}}; }

json protocol_document(const netstack::ProtocolCounters& protocol) {
    const netstack::FlowCounters& flows = protocol.flows;
    return {{"ToContainer", traffic_document(protocol.to_container)},
            {"FromContainer", traffic_document(protocol.from_container)},
            {"Flows",
             {{"Open", flows.open},
              {"Total", flows.total},
              {"Refused", flows.refused},
              {"Unreachable", flows.unreachable},
              {"Prohibited", flows.prohibited},
              {"Dropped", flows.dropped}}}};
}

json document_of(const lib::NetworkStats& stats, bool truncate) {
    const netstack::Counters& c = stats.counters;
    json document{{"ID", truncate ? short_id(stats.id) : stats.id},
                  {"Name", stats.name},
                  {"Interface", stats.has_interface},
                  {"Restarts", stats.restarts},
                  {"Link",
                   {{"ToContainer", traffic_document(c.link.to_container)},
                    {"FromContainer", traffic_document(c.link.from_container)},
                    {"Lost", c.link.lost},
                    {"Malformed", c.link.malformed},
                    {"NotCaptured", c.link.not_captured}}},
                  {"TCP", protocol_document(c.tcp)},
                  {"UDP", protocol_document(c.udp)},
                  {"ICMP", protocol_document(c.icmp)},
                  {"Names",
                   {{"Questions", c.names.questions},
                    {"AnsweredHere", c.names.answered_here},
                    {"Failed", c.names.failed},
                    {"Dropped", c.names.dropped}}}};
    document["TCP"].update({{"Retransmissions", c.machine.retransmissions}, {"Timeouts", c.machine.timeouts}, {"OutOfOrder", c.machine.out_of_order}});
    return document;
}

std::string traffic_text(const netstack::Traffic& traffic) { return cat(traffic.packets, " / ", human_size(traffic.bytes)); }

std::string table_text(const std::vector<lib::NetworkStats>& list, bool truncate) {
    Table table({"ID", "NAME", "PROTOCOL", "TO CONTAINER", "FROM CONTAINER", "OPEN", "TOTAL", "REFUSED", "UNREACHABLE", "PROHIBITED", "DROPPED", "RESENT"});
    for (const lib::NetworkStats& stats : list) {
        const netstack::Counters& c = stats.counters;
        const std::array<std::pair<const char*, const netstack::ProtocolCounters*>, 3> protocols{{{"tcp", &c.tcp}, {"udp", &c.udp}, {"icmp", &c.icmp}}};
        for (const auto& [name, protocol] : protocols) {
            const netstack::FlowCounters& flows = protocol->flows;
            table.add({truncate ? short_id(stats.id) : stats.id, stats.name, name, traffic_text(protocol->to_container),
                       traffic_text(protocol->from_container), std::to_string(flows.open), std::to_string(flows.total), std::to_string(flows.refused),
                       std::to_string(flows.unreachable), std::to_string(flows.prohibited), std::to_string(flows.dropped),
                       protocol == &c.tcp ? std::to_string(c.machine.retransmissions) : "-"});
        }
    }
    return table.text();
}

} // namespace

int cmd_network_stats(const ParsedCommand& command, const Globals& globals) {
    const auto text = command.find("format");
    const auto format = text && *text != "table" ? std::optional(Format::parse(*text)) : std::nullopt;
    const bool truncate = !command.is_on("no-trunc");
    const lib::Engine engine = globals.make_engine();
    const auto names = arguments_with_latest(command, 0, [&] { return container_ids(engine, Running::or_not); });
    const auto list = lib::network_stats(engine, names);
    if (!format) {
        print(table_text(list, truncate));
        return 0;
    }
    std::vector<json> documents;
    for (const lib::NetworkStats& stats : list) documents.push_back(document_of(stats, truncate && !format->is_json()));
    print(format->render_all(documents));
    return 0;
}

int cmd_network_capture(const ParsedCommand& command, const Globals& globals) {
    lib::CaptureRequest request{.container = command.arguments.at(0), .file = command.arguments.at(1)};
    if (const auto text = command.find("snapshot-length"))
        request.snap_length = static_cast<std::uint32_t>(std::min<std::int64_t>(parse_integer("snapshot-length", *text, 1), request.snap_length));
    if (const auto text = command.find("count")) request.count = static_cast<std::uint64_t>(parse_integer("count", *text, 1));
    const lib::Captured captured = lib::capture_packets(globals.make_engine(), request);
    const std::string left_out = captured.left_out > 0 ? cat(", ", captured.left_out, " left out because the file was too slow") : "";
    print_notice(cat(captured.packets, captured.packets == 1 ? " packet" : " packets", left_out));
    return 0;
}

} // namespace cli
