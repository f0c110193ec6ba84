// ps: reads two small files a container, unless it knows them (lib/list_cache.h), and takes no lock. It ends what is left of
// containers whose monitor was killed, because nobody else will.
#include "lib/container_store.h"
#include "lib/container_places.h"
#include "lib/list_cache.h"

#include "base/error.h"
#include "base/sys.h"

#include <fcntl.h>

#include <algorithm>

namespace lib {
namespace {

ContainerStatus parse_status(const std::string& text) {
    if (text == "starting") return ContainerStatus::initialized;
    for (const auto status : {ContainerStatus::created, ContainerStatus::initialized, ContainerStatus::running, ContainerStatus::paused, ContainerStatus::stopping,
                              ContainerStatus::restarting, ContainerStatus::exited})
        if (text == to_string(status)) return status;
    throw Error("state.json: unknown status \"", text, "\"");
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
    s.ports = state.is_up() ? state.ports : record.ports;
    s.exposed_ports = record.exposed_ports;
    s.labels = record.labels;
    for (const MountRecord& mount : record.mounts) {
        s.mounts.push_back(mount.destination);
        if (!mount.name.empty()) s.volumes.push_back(mount.name);
    }
    s.network = record.network;
    s.auto_remove = record.auto_remove;
    if (!record.restart_policy.empty()) s.restart_policy = record.restart_policy.substr(0, record.restart_policy.find(':'));
    s.stopped_by_user = state.stopped_by_user;
    s.restarts = state.restart_count;
    if (const auto asked = record.asked.find("cidfile"); asked != record.asked.end()) s.cid_file = asked->second.front();
    return s;
}

bool is_at_rest(const ContainerSummary& s) { return s.status == ContainerStatus::created || s.status == ContainerStatus::exited; }

/// Those of one directory.
void list_place(const Engine& engine, const std::string& place, bool all, const Notice& damaged, ListCache& cache, std::vector<ContainerSummary>& list) {
    const auto containers = sys::try_open(place, O_PATH | O_DIRECTORY);
    if (!containers) return; // none was ever made there
    const std::int64_t now = sys::realtime_ns();
    for (const std::string& id : container_ids_in(place)) {
        try {
            const auto status = sys::find_stat_at(containers->get(), id);
            if (!status) continue; // removed meanwhile
            auto summary = cache.find(id, dir_stamp(*status));
            if (!summary) {
                const auto found = look_at(engine, id, containers->get(), all ? ListWhat::all : ListWhat::running);
                if (!found) continue;
                summary = summarize(found->record, found->state);
                if (is_at_rest(*summary)) cache.remember(*summary, dir_stamp(*status), now);
            }
            if (all || !is_at_rest(*summary)) list.push_back(std::move(*summary));
        } catch (const DamagedRecord& e) { // one of them does not hide the others
            if (damaged) damaged(e.what());
        } catch (const SysError& e) {
            if (e.err() != ENOENT) throw; // removed while we read it
        }
    }
}

} // namespace

std::string to_string(ContainerStatus status) {
    switch (status) {
    case ContainerStatus::created: return "created";
    case ContainerStatus::initialized: return "initialized";
    case ContainerStatus::running: return "running";
    case ContainerStatus::paused: return "paused";
    case ContainerStatus::stopping: return "stopping";
    case ContainerStatus::restarting: return "restarting";
    case ContainerStatus::exited: return "exited";
    }
    return "unknown";
}

std::vector<ContainerSummary> list_containers(const Engine& engine, bool all, const Notice& damaged) {
    std::vector<ContainerSummary> list;
    ListCache cache(engine);
    for (const std::string& place : container_places(engine)) list_place(engine, place, all, damaged, cache, list);
    cache.save();
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.created > b.created; });
    return list;
}

std::string find_container_id(const Engine& engine, const std::string& id_or_name) {
    return ContainerDir::open(engine, id_or_name).id();
}

bool container_exists(const Engine& engine, const std::string& id_or_name) {
    return ContainerDir::find_named(engine, id_or_name).has_value();
}

std::vector<PortMapping> published_ports(const Engine& engine, const std::string& id_or_name) {
    const ContainerState state = ContainerDir::open(engine, id_or_name).load_state();
    return state.is_up() ? state.ports : std::vector<PortMapping>{};
}

} // namespace lib
