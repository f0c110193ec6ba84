// info and version: what this machine lets ctl do, and why not where it does not.
#include "base/error.h"
#include "base/oci/platform.h"
#include "base/version.h"
#include "lib/containers.h"
#include "rootless/userns.h"
#include "storage/overlay.h"
#include "storage/store.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace lib {
namespace {

using nlohmann::json;

json id_map(const std::vector<rootless::IdRange>& ranges) {
    json list = json::array();
    for (const rootless::IdRange& r : ranges) list.push_back({{"container_id", r.inside}, {"host_id", r.outside}, {"size", r.count}});
    return list;
}

/// The answer of a real mount, remembered for this boot; probed inside a user namespace where there is none yet.
json overlay_document(Engine& engine) {
    auto probe = storage::find_overlay_probe(engine.paths);
    try {
        if (!probe) {
            engine.paths.ensure();
            rootless::run_in_userns(engine.load_maps(), [&] { (void)storage::probe_overlay(engine.paths); });
            probe = storage::find_overlay_probe(engine.paths);
        }
    } catch (const Error& e) { // a full or read-only disk: the rest of what is known is still wanted
        return {{"works", false}, {"reason", e.what()}};
    }
    if (!probe) return {{"works", false}, {"reason", "the probe's answer could not be kept in the runtime directory"}};
    return {{"works", probe->works}, {"reason", probe->reason}};
}

std::string cgroup_version() {
    if (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) return "v2";
    return ::access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0 ? "hybrid" : "v1";
}

} // namespace

json engine_version() { return {{"Client", {{"Version", ctl_version}, {"OsArch", "linux/" + oci::host_platform().architecture}}}}; }

json engine_info(Engine& engine) {
    struct utsname names {};
    ::uname(&names);
    json host{{"kernel", names.release}, {"arch", oci::host_platform().architecture}, {"hostname", names.nodename},
              {"cpus", ::sysconf(_SC_NPROCESSORS_ONLN)}, {"cgroupVersion", cgroup_version()},
              {"memTotal", ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE)}};
    try {
        engine.load_maps();
        host["idMappings"] = {{"uidmap", id_map(engine.maps.uids)}, {"gidmap", id_map(engine.maps.gids)}};
        host["singleId"] = engine.maps.is_single();
    } catch (const Error& e) {
        host["idMappings"] = {{"error", e.what()}};
    }
    std::size_t running = 0;
    const auto containers = list_containers(engine, true);
    for (const ContainerSummary& c : containers) running += c.status == ContainerStatus::running;
    json store{{"root", engine.paths.data}, {"runRoot", engine.paths.runtime}, {"driver", "overlay"},
               {"images", storage::Store(engine.paths).images().size()},
               {"containers", {{"total", containers.size()}, {"running", running}}}};
    if (!engine.maps.uids.empty()) store["kernelOverlay"] = overlay_document(engine);
    return {{"host", host}, {"store", store}, {"version", {{"Version", ctl_version}}}};
}

} // namespace lib
