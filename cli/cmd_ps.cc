// ctl ps.
#include "base/error.h"
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/output.h"
#include "cli/values.h"
#include "lib/containers.h"

#include <nlohmann/json.hpp>

#include <charconv>

namespace cli {
namespace {

using lib::ContainerStatus;
using lib::ContainerSummary;
using nlohmann::json;

constexpr std::size_t command_width = 17; ///< Podman's: what is longer is cut and gets "..."

std::string join(const std::vector<std::string>& words, std::string_view separator) {
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty()) line += separator;
        line += word;
    }
    return line;
}

std::string status_text(const ContainerSummary& container, std::int64_t now) {
    switch (container.status) {
    case ContainerStatus::created: return "Created";
    case ContainerStatus::running: return "Up " + human_duration((now - container.started) / 1'000'000'000);
    case ContainerStatus::stopping: return "Stopping";
    case ContainerStatus::exited: break;
    }
    return cat("Exited (", container.exit_code, ") ", human_ago(container.finished, now));
}

std::string command_text(const ContainerSummary& container, bool truncate) {
    const std::string line = join(container.command, " ");
    return truncate && line.size() > command_width ? line.substr(0, command_width) + "..." : line;
}

json labels_of(const ContainerSummary& container) {
    json labels = json::object();
    for (const auto& [name, value] : container.labels) labels[name] = value;
    return labels;
}

/// "0.0.0.0:8080->80/tcp" as Podman's JSON has it; null for what is not of that form.
json port_document(const std::string& text) {
    const auto arrow = text.find("->");
    const auto slash = text.find('/', arrow == std::string::npos ? 0 : arrow);
    const auto colon = text.rfind(':', arrow);
    if (arrow == std::string::npos || slash == std::string::npos || colon == std::string::npos) return nullptr;
    const auto number = [&](std::size_t from, std::size_t to) {
        int port = 0;
        std::from_chars(text.data() + from, text.data() + to, port);
        return port;
    };
    return {{"host_ip", text.substr(0, colon)},
            {"host_port", number(colon + 1, arrow)},
            {"container_port", number(arrow + 2, slash)},
            {"range", 1},
            {"protocol", text.substr(slash + 1)}};
}

constexpr std::int64_t seconds(std::int64_t time_ns) { return time_ns / 1'000'000'000; }

/// Without the algorithm, as Podman shows it here.
std::string image_hex(const ContainerSummary& container) {
    const auto colon = container.image_id.find(':');
    return colon == std::string::npos ? container.image_id : container.image_id.substr(colon + 1);
}

/// One element of `ps --format json`.
json full_document(const ContainerSummary& container, std::int64_t now) {
    json ports = json::array();
    for (const std::string& port : container.ports) ports.push_back(port_document(port));
    return {{"Id", container.id},
            {"Names", json::array({container.name})},
            {"Image", container.image},
            {"ImageID", image_hex(container)},
            {"Command", container.command},
            {"Created", seconds(container.created)},
            {"CreatedAt", human_ago(container.created, now)},
            {"StartedAt", seconds(container.started)},
            {"Exited", container.status == ContainerStatus::exited},
            {"ExitedAt", seconds(container.finished)},
            {"ExitCode", container.exit_code},
            {"Labels", labels_of(container)},
            {"Pid", container.pid},
            {"Ports", ports},
            {"State", lib::to_string(container.status)},
            {"Status", status_text(container, now)}};
}

/// What the fields of --format mean: the texts of the table, and more.
json row_document(const ContainerSummary& container, std::int64_t now, bool truncate) {
    json row = full_document(container, now);
    row.erase("Id");
    row["ID"] = truncate ? short_id(container.id) : container.id;
    row["Names"] = container.name;
    row["ImageID"] = truncate ? short_id(image_hex(container)) : image_hex(container);
    row["Command"] = command_text(container, truncate);
    row["CreatedHuman"] = row["RunningFor"] = human_ago(container.created, now);
    row["Ports"] = join(container.ports, ", ");
    return row;
}

std::string table(const std::vector<ContainerSummary>& containers, std::int64_t now, bool truncate, bool headings) {
    Table table(headings ? std::vector<std::string>{"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}
                         : std::vector<std::string>{});
    for (const ContainerSummary& container : containers)
        table.add({truncate ? short_id(container.id) : container.id, container.image, command_text(container, truncate),
                   human_ago(container.created, now), status_text(container, now), join(container.ports, ", "),
                   container.name});
    return table.text();
}

std::vector<ContainerSummary> wanted(const ParsedCommand& command, const lib::Engine& engine) {
    const auto last = command.find("last");
    auto containers = lib::list_containers(engine, command.is_on("all") || last.has_value());
    if (last) {
        const auto most = static_cast<std::size_t>(parse_integer("last", *last, 0));
        if (containers.size() > most) containers.resize(most);
    }
    return containers;
}

} // namespace

int cmd_ps(const ParsedCommand& command, const Globals& globals) {
    const lib::Engine engine = globals.make_engine();
    const bool truncate = !command.is_on("no-trunc");
    const auto containers = wanted(command, engine);
    const std::int64_t now = sys::realtime_ns();
    if (const auto format = command.find("format")) {
        const bool as_json = *format == "json";
        std::vector<json> documents;
        for (const ContainerSummary& container : containers)
            documents.push_back(as_json ? full_document(container, now) : row_document(container, now, truncate));
        print(Format::parse(*format).render_all(documents));
    } else if (command.is_on("quiet")) {
        std::string ids;
        for (const ContainerSummary& container : containers)
            ids += (truncate ? short_id(container.id) : container.id) + "\n";
        print(ids);
    } else {
        print(table(containers, now, truncate, !command.is_on("noheading")));
    }
    return 0;
}

} // namespace cli
