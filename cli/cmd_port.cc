// ctl port.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/targets.h"
#include "cli/values.h"
#include "lib/containers.h"

namespace cli {
namespace {

std::string host_side(const lib::PortMapping& port) {
    const std::string ip = port.host_ip.empty() ? "0.0.0.0" : port.host_ip;
    const bool v6 = ip.find(':') != std::string::npos;
    return cat(v6 ? "[" : "", ip, v6 ? "]" : "", ":", port.host_port);
}

/// "80" or "80/tcp", in the long form.
std::string wanted_port(const std::string& text) {
    const auto slash = text.find('/');
    const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp") throw Error("port: \"", text, "\" cannot be published, only tcp and udp ports are");
    return cat(parse_integer("port", text.substr(0, slash), 1), "/", protocol);
}

/// A line for each port of a container; `prefix` begins it.
std::string all_ports(const std::vector<lib::PortMapping>& ports, const std::string& prefix) {
    std::string lines;
    for (const lib::PortMapping& port : ports) lines += cat(prefix, port.container_side(), " -> ", host_side(port), "\n");
    return lines;
}

std::string one_port(const std::vector<lib::PortMapping>& ports, const std::string& text) {
    const std::string wanted = wanted_port(text);
    std::string lines;
    for (const lib::PortMapping& port : ports)
        if (port.container_side() == wanted) lines += host_side(port) + "\n";
    if (lines.empty()) throw Error("port: the container has no published port ", text);
    return lines;
}

} // namespace

int cmd_port(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    if (command.is_on("all")) {
        if (!command.arguments.empty()) throw Error("port: names and --all exclude each other");
        std::string lines;
        for (const lib::ContainerSummary& container : lib::list_containers(engine, false))
            lines += all_ports(lib::published_ports(engine, container.id), short_id(container.id) + "\t");
        print(lines);
        return 0;
    }
    // With --latest the one argument is the port.
    const bool latest = command.is_on("latest");
    if (latest && command.arguments.size() > 1) throw Error("port: names and --latest exclude each other");
    ParsedCommand chosen = command;
    const std::string port = command.arguments.size() > (latest ? 0 : 1) ? command.arguments.back() : "";
    if (!port.empty()) chosen.arguments.pop_back();
    const auto ports = lib::published_ports(engine, container_targets(chosen, engine, {}).front());
    print(port.empty() ? all_ports(ports, "") : one_port(ports, port));
    return 0;
}

} // namespace cli
