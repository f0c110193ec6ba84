// update, see lib/update.h.
#include "lib/update.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/limits.h"

namespace lib {
namespace {

void change_running(const ContainerRecord& record, const ContainerState& state, const oci::Resources& resources) {
    if (state.cgroup.manager == rootless::CgroupManager::none)
        throw Error("container ", record.name, " was started without limits, so it has no cgroup to hold any now; stop it first, then "
                    "it is started with them");
    rootless::change_limits(state.cgroup, limits_of(resources));
}

} // namespace

std::string update_container(Engine& engine, const std::string& id_or_name, const LimitOptions& limits) {
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const FileLock lock = dir.lock(); // neither started nor removed meanwhile
    const ContainerRecord record = dir.load_record();
    if (record.cgroup_mode == "disabled") throw Error("container ", record.name, " was made with --cgroups=disabled, so it cannot have limits");
    oci::RuntimeSpec spec = oci::parse_runtime_spec(files::read(dir.fd(), "config.json"), dir.path() + "/config.json");
    change_resources(spec.resources, limits);
    const ContainerState state = dir.load_state();
    if (find_container_process(state)) change_running(record, state, spec.resources);
    drop_unlimited(spec.resources);
    files::write_atomic(dir.fd(), "config.json", oci::to_json_text(spec), 0600, files::Durability::synced);
    return record.id;
}

} // namespace lib
