// ps: reads two small files a container, takes no lock, writes nothing.
#include "lib/container_store.h"

#include "base/error.h"

#include <algorithm>

namespace lib {
namespace {

ContainerStatus parse_status(const std::string& text) {
    for (const auto status : {ContainerStatus::created, ContainerStatus::running, ContainerStatus::stopping, ContainerStatus::exited})
        if (text == to_string(status)) return status;
    throw Error("state.json: unknown status \"", text, "\"");
}

std::string port_text(const PortMapping& port) {
    const std::string ip = port.host_ip.empty() ? "0.0.0.0" : port.host_ip;
    const bool v6 = ip.find(':') != std::string::npos;
    return cat(v6 ? "[" : "", ip, v6 ? "]" : "", ":", port.host_port, "->", port.container_port, "/tcp");
}

ContainerSummary summarize(const ContainerRecord& record, const ContainerState& state) {
    ContainerSummary s;
    s.id = record.id;
    s.name = record.name;
    s.image = record.image;
    s.image_id = record.image_id;
    s.command = record.command.empty() ? record.entrypoint : record.command;
    s.created = record.created;
    s.started = state.started;
    s.finished = state.finished;
    s.status = parse_status(state.status);
    s.exit_code = state.exit_code;
    s.pid = state.pid;
    for (const PortMapping& port : state.status == "running" ? state.ports : record.ports) s.ports.push_back(port_text(port));
    s.labels.assign(record.labels.begin(), record.labels.end());
    return s;
}

} // namespace

std::string to_string(ContainerStatus status) {
    switch (status) {
    case ContainerStatus::created: return "created";
    case ContainerStatus::running: return "running";
    case ContainerStatus::stopping: return "stopping";
    case ContainerStatus::exited: return "exited";
    }
    return "unknown";
}

std::vector<ContainerSummary> list_containers(const Engine& engine, bool all) {
    std::vector<ContainerSummary> list;
    for (const std::string& id : container_ids(engine)) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) continue; // removed meanwhile
        try {
            const ContainerState state = dir->load_state();
            if (all || state.status == "running") list.push_back(summarize(dir->load_record(), state));
        } catch (const SysError& e) {
            if (e.err() != ENOENT) throw; // removed while we read it
        }
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.created > b.created; });
    return list;
}

std::string find_container_id(const Engine& engine, const std::string& id_or_name) {
    return ContainerDir::open(engine, id_or_name).id();
}

} // namespace lib
