// Containers in the words of `ps`, see cli/ps_columns.h.
#include "cli/ps_columns.h"

#include "base/error.h"
#include "base/sys.h"
#include "cli/output.h"

#include <fcntl.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace cli {
namespace {

using lib::ContainerStatus;
using lib::ContainerSummary;
using lib::PortMapping;
using nlohmann::json;

constexpr std::size_t command_width = 17; ///< Podman's: what is longer is cut and gets "..."
constexpr std::int64_t go_never = -62135596800; ///< the year 1, which is Go's "never"

std::string join(const std::vector<std::string>& words, std::string_view separator) {
    std::string line;
    for (const std::string& word : words) {
        if (&word != &words.front()) line += separator;
        line += word;
    }
    return line;
}

std::int64_t seconds(std::int64_t time_ns) { return time_ns == 0 ? go_never : time_ns / 1'000'000'000; }

/// Without the algorithm, as Podman shows it here.
std::string image_hex(const ContainerSummary& container) {
    const auto colon = container.image_id.find(':');
    return colon == std::string::npos ? container.image_id : container.image_id.substr(colon + 1);
}

/// Ports that follow each other on both sides.
struct PortRange {
    PortMapping first;
    int count = 1;
};

std::vector<PortRange> port_ranges(const ContainerSummary& container) {
    std::vector<PortRange> ranges;
    for (const PortMapping& port : container.ports) {
        const auto continues = [&](const PortRange& range) {
            return range.first.transport == port.transport && range.first.host_ip == port.host_ip && range.first.host_port + range.count == port.host_port
                   && range.first.container_port + range.count == port.container_port;
        };
        if (!ranges.empty() && continues(ranges.back())) ++ranges.back().count;
        else ranges.push_back({port});
    }
    return ranges;
}

std::string numbers(int first, int count) { return count == 1 ? std::to_string(first) : cat(first, "-", first + count - 1); }

std::string range_text(const PortRange& range) {
    const std::string ip = range.first.host_ip.empty() ? "0.0.0.0" : range.first.host_ip;
    const bool v6 = ip.find(':') != std::string::npos;
    return cat(v6 ? "[" : "", ip, v6 ? "]" : "", ":", numbers(range.first.host_port, range.count), "->",
               numbers(range.first.container_port, range.count), "/", lib::to_string(range.first.transport));
}

/// Those of the image that are not published.
std::vector<std::string> only_exposed(const ContainerSummary& container) {
    std::vector<std::string> list;
    for (const std::string& port : container.exposed_ports) {
        const auto published = [&](const PortMapping& mapping) { return port == mapping.container_side(); };
        if (std::ranges::none_of(container.ports, published)) list.push_back(port);
    }
    return list;
}

json ports_document(const ContainerSummary& container) {
    json list = json::array();
    for (const PortRange& range : port_ranges(container))
        list.push_back({{"host_ip", range.first.host_ip}, {"host_port", range.first.host_port},
                        {"container_port", range.first.container_port}, {"range", range.count}, {"protocol", lib::to_string(range.first.transport)}});
    return list;
}

/// {"80": ["tcp"]}.
json exposed_document(const ContainerSummary& container) {
    json ports = json::object();
    for (const std::string& port : only_exposed(container)) {
        const auto slash = port.find('/');
        ports[port.substr(0, slash)].push_back(slash == std::string::npos ? "tcp" : port.substr(slash + 1));
    }
    return ports;
}

json size_document(const ContainerSummary& container, const PsLook& look) {
    if (look.sizes == nullptr || !look.sizes->contains(container.id)) return nullptr;
    const lib::ContainerSize& size = look.sizes->at(container.id);
    return {{"rootFsSize", size.root_fs}, {"rwSize", size.writable}};
}

} // namespace

std::string ps_id(const ContainerSummary& container, const PsLook& look) {
    return look.truncate ? short_id(container.id) : container.id;
}

std::string ps_command(const ContainerSummary& container, const PsLook& look) {
    const std::string line = join(container.command, " ");
    return look.truncate && line.size() > command_width ? line.substr(0, command_width) + "..." : line;
}

std::string ps_status(const ContainerSummary& container, const PsLook& look) {
    if (container.status == ContainerStatus::running) return "Up " + human_duration((look.now_ns - container.started) / 1'000'000'000);
    if (container.status == ContainerStatus::exited) {
        // A power cut may have taken the news of when.
        const std::string when = container.finished == 0 ? "" : " " + human_ago(container.finished, look.now_ns);
        return cat("Exited (", container.exit_code, ")", when);
    }
    std::string text = lib::to_string(container.status);
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    return text;
}

std::string ps_ports(const ContainerSummary& container) {
    std::vector<std::string> texts;
    for (const PortRange& range : port_ranges(container)) texts.push_back(range_text(range));
    const std::vector<std::string> exposed = only_exposed(container);
    texts.insert(texts.end(), exposed.begin(), exposed.end());
    return join(texts, ", ");
}

std::string ps_size(const ContainerSummary& container, const PsLook& look) {
    if (look.sizes == nullptr || !look.sizes->contains(container.id)) return "";
    const lib::ContainerSize& size = look.sizes->at(container.id);
    const auto text = [](std::int64_t bytes) { return human_size(static_cast<std::uint64_t>(bytes), ""); };
    return cat(text(size.writable), " (virtual ", text(size.root_fs), ")");
}

std::map<std::string, std::string> ps_namespaces(const ContainerSummary& container) {
    constexpr std::pair<const char*, const char*> kinds[] = {{"mnt", "Mnt"}, {"cgroup", "Cgroup"}, {"ipc", "Ipc"},  {"net", "Net"},
                                                             {"pid", "Pidns"}, {"uts", "Uts"},     {"user", "User"}};
    std::map<std::string, std::string> found;
    if (container.pid <= 0) return found;
    for (const auto& [file, name] : kinds) {
        const auto link = sys::find_link_at(AT_FDCWD, cat("/proc/", container.pid, "/ns/", file)); // "mnt:[4026532180]"
        const auto open = link ? link->find('[') : std::string::npos;
        if (open != std::string::npos) found[name] = link->substr(open + 1, link->size() - open - 2);
    }
    return found;
}

json ps_document(const ContainerSummary& container, const PsLook& look) {
    return {{"AutoRemove", container.auto_remove},
            {"CIDFile", container.cid_file},
            {"Command", container.command},
            {"Created", seconds(container.created)},
            {"CreatedAt", human_ago(container.created, look.now_ns)},
            {"Exited", container.status == ContainerStatus::exited},
            {"ExitedAt", seconds(container.finished)},
            {"ExitCode", container.exit_code},
            {"ExposedPorts", exposed_document(container)},
            {"Id", container.id},
            {"Image", container.image},
            {"ImageID", image_hex(container)},
            {"IsInfra", false},
            {"Labels", container.labels},
            {"Mounts", container.mounts},
            {"Names", json::array({container.name})},
            {"Namespaces", look.namespaces ? json(ps_namespaces(container)) : json::object()},
            {"Networks", json::array()},
            {"Pid", container.pid},
            {"Pod", ""},
            {"PodName", ""},
            {"Ports", ports_document(container)},
            {"Restarts", container.restarts},
            {"Size", size_document(container, look)},
            {"StartedAt", seconds(container.started)},
            {"State", lib::to_string(container.status)},
            {"Status", ps_status(container, look)}};
}

json ps_fields(const ContainerSummary& container, const PsLook& look) {
    const std::string since = human_ago(container.created, look.now_ns);
    json fields{{"ID", ps_id(container, look)},
                {"Names", container.name},
                {"ImageID", look.truncate ? short_id(image_hex(container)) : image_hex(container)},
                {"Command", ps_command(container, look)},
                {"Created", go_time(container.created)},
                {"CreatedAt", go_time(container.created)},
                {"CreatedHuman", since},
                {"RunningFor", since},
                {"Ports", ps_ports(container)},
                {"Networks", ""},
                {"Size", ps_size(container, look)}};
    const auto namespaces = look.namespaces ? ps_namespaces(container) : std::map<std::string, std::string>{};
    constexpr std::pair<const char*, const char*> names[] = {{"CGROUPNS", "Cgroup"}, {"IPC", "Ipc"}, {"MNT", "Mnt"}, {"NET", "Net"},
                                                             {"PIDNS", "Pidns"}, {"USERNS", "User"}, {"UTS", "Uts"}};
    for (const auto& [field, name] : names) {
        const auto found = namespaces.find(name);
        fields[field] = found == namespaces.end() ? "" : found->second;
    }
    return fields;
}

} // namespace cli
