// restart; see lib/restart.h.
#include "lib/restart.h"

#include "lib/container_store.h"
#include "lib/events.h"

#include <optional>

namespace lib {
namespace {

/// Tells those who follow a container's log that its end is not the last one. None where another restart of it goes on, or on
/// a full disk.
std::optional<FileLock> announce_restart(const Engine& engine, const std::string& name) {
    try {
        const auto dir = ContainerDir::find_named(engine, name);
        return dir ? dir->try_lock_restarting() : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

} // namespace

Outcomes restart_containers(Engine& engine, const std::vector<std::string>& names, const StopOptions& options, const Callbacks& callbacks) {
    std::vector<std::optional<FileLock>> announced;
    for (const std::string& name : names) announced.push_back(announce_restart(engine, name));
    Outcomes outcomes = stop_containers(engine, names, options, callbacks.notice);
    std::vector<std::string> stopped;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (outcomes[i]) continue;
        stopped.push_back(names[i]);
        places.push_back(i);
    }
    const Outcomes started = start_containers(engine, stopped, callbacks);
    for (std::size_t i = 0; i < stopped.size(); ++i) {
        outcomes[places[i]] = started[i];
        const auto dir = started[i] ? std::nullopt : ContainerDir::find_named(engine, stopped[i]);
        if (dir) record_container_event(engine.paths, dir->load_record(), "restart");
    }
    return outcomes;
}

} // namespace lib
