// restart; see lib/restart.h.
#include "lib/restart.h"

#include "lib/container_store.h"
#include "lib/events.h"

namespace lib {

Outcomes restart_containers(Engine& engine, const std::vector<std::string>& names, const StopOptions& options, const Callbacks& callbacks) {
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
