// rm: a container's record, its files and, if asked for, its anonymous volumes.
#include "lib/container_store.h"

#include "base/error.h"
#include "lib/usage.h"
#include "storage/store.h"
#include "storage/volume.h"

namespace lib {
namespace {

/// Stops it if that was asked for, and returns when nothing of it runs.
void end_container(Engine& engine, const ContainerDir& dir, const ContainerRecord& record, const RemoveOptions& options) {
    if (find_container_process(dir.load_state())) {
        if (!options.force)
            throw Error("container ", record.name, " is running: stop it first (ctl stop ", record.name, "), or use ctl rm -f")
                .with_exit_code(2); // podman-rm(1), "Exit Status"
        stop_container(engine, dir.id(), {.timeout = options.timeout.value_or(std::chrono::seconds(0))}, {});
    }
    dir.wait_for_monitor();
}

/// Those that no other container has taken over (--volumes-from).
void remove_anonymous_volumes(const Engine& engine, const ContainerRecord& record) {
    if (record.anonymous_volumes.empty()) return;
    const storage::Store store(engine.paths);
    storage::Volumes volumes(store);
    const FileLock lock = volumes.lock_for_removal();
    const auto users = volume_users(engine);
    for (const std::string& name : record.anonymous_volumes)
        if (!users.contains(name)) volumes.remove(name);
}

} // namespace

void remove_container(Engine& engine, const std::string& id_or_name, const RemoveOptions& options) {
    std::optional<ContainerDir> dir;
    try {
        dir = ContainerDir::open(engine, id_or_name);
    } catch (const Error&) {
        if (options.force) return; // as Podman: nothing there is what was wanted
        throw;
    }
    const ContainerRecord record = dir->load_record();
    for (;;) {
        end_container(engine, *dir, record, options);
        const FileLock lock = dir->lock();
        if (!ContainerDir::find(engine, dir->id())) return; // --rm, or another rm, has done it meanwhile
        if (dir->has_monitor() || find_container_process(dir->load_state())) continue; // started before we had the lock
        unpublish_container(engine, *dir, record);
        break;
    }
    if (options.volumes || record.auto_remove) remove_anonymous_volumes(engine, record);
    empty_trash(engine);
}

void remove_abandoned(Engine& engine, const std::string& except_id) {
    for (const std::string& id : container_ids(engine)) {
        if (id == except_id) continue;
        try {
            const auto dir = ContainerDir::find(engine, id);
            if (!dir)
                throw_away(engine, id);
            else if (dir->load_record().auto_remove && dir->load_state().status == "exited" && !dir->has_monitor())
                remove_container(engine, id, {});
        } catch (const Error&) {
            continue; // somebody else was faster, or it stays to be looked at with `ctl ps --all`
        }
    }
}

} // namespace lib
