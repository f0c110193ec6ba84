// ctl network stats.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "lib/network_stats.h"

#include <nlohmann/json.hpp>

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
                    {"Malformed", c.link.malformed}}},
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

} // namespace cli
