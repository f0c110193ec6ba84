// info and version: what this machine lets ctl do, and why not where it does not.
#include "base/error.h"
#include "base/oci/platform.h"
#include "base/version.h"
#include "lib/config/storage_conf.h"
#include "lib/containers.h"
#include "lib/info_host.h"
#include "rootless/userns.h"
#include "storage/overlay.h"
#include "storage/store.h"

#include <sys/statvfs.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lib {
namespace {

using nlohmann::json;

json id_map(const std::vector<rootless::IdRange>& ranges) {
    json list = json::array();
    for (const rootless::IdRange& r : ranges) list.push_back({{"container_id", r.inside}, {"host_id", r.outside}, {"size", r.count}});
    return list;
}

/// What new containers get, and why.
json driver_document(Engine& engine) {
    try {
        engine.paths.ensure();
        return std::string(to_string(choose_driver(engine, engine.storage_driver, LayerOwners::as_stored)));
    } catch (const Error&) {
        return ""; // "kernelOverlay" and "fuse" say why
    }
}

json fuse_document() {
    const std::string problem = fuse_problem();
    return {{"works", problem.empty()}, {"reason", problem}};
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

json containers_document(const std::vector<ContainerSummary>& containers) {
    const auto count = [&](const char* status) {
        return std::ranges::count_if(containers, [&](const ContainerSummary& c) { return to_string(c.status) == status; });
    };
    const auto running = count("running"), paused = count("paused");
    return {{"number", containers.size()}, {"running", running}, {"paused", paused},
            {"stopped", static_cast<std::ptrdiff_t>(containers.size()) - running - paused}};
}

json store_document(const Engine& engine) {
    struct statvfs disk {};
    if (::statvfs(engine.paths.data.c_str(), &disk) != 0) disk = {};
    return {{"configFile", config::find_storage_conf()},
            {"graphRoot", engine.paths.data},
            {"runRoot", engine.paths.runtime},
            {"volumePath", engine.paths.data + "/volumes"},
            {"imageCopyTmpDir", engine.paths.data + "/partial"},
            {"graphDriverName", "overlay"},
            {"graphOptions", json::object()},
            {"graphRootAllocated", disk.f_blocks * disk.f_frsize},
            {"graphRootUsed", (disk.f_blocks - disk.f_bfree) * disk.f_frsize},
            {"graphStatus", {{"Backing Filesystem", file_system_name(engine.paths.data)}}},
            {"imageStore", {{"number", storage::Store(engine.paths).images().size()}, {"additional", engine.paths.image_stores}}},
            {"containerStore", containers_document(list_containers(engine, true))},
            {"transientStore", engine.paths.transient}};
}

json version_document() {
    return {{"Version", ctl_version}, {"Os", "linux"}, {"OsArch", "linux/" + oci::host_platform().architecture}};
}

} // namespace

json engine_version() { return {{"Client", version_document()}}; }

json engine_info(Engine& engine) {
    json host = host_document();
    try {
        engine.load_maps();
        host["idMappings"] = {{"uidmap", id_map(engine.maps.uids)}, {"gidmap", id_map(engine.maps.gids)}};
        host["singleId"] = engine.maps.is_single();
    } catch (const Error& e) {
        host["idMappings"] = {{"error", e.what()}};
    }
    json store = store_document(engine);
    store["fuse"] = fuse_document();
    if (!engine.maps.uids.empty()) {
        store["kernelOverlay"] = overlay_document(engine);
        store["graphDriverName"] = driver_document(engine);
    }
    const json plugins{{"volume", {"local"}}, {"network", json::array()}, {"authorization", nullptr},
                       {"log", {"k8s-file", "json-file", "journald", "none", "passthrough", "passthrough-tty"}}};
    return {{"host", host}, {"store", store}, {"registries", json::object()}, {"plugins", plugins}, {"version", version_document()}};
}

} // namespace lib
