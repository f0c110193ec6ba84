// What dies halfway through making or removing a container, and how it is told from what is complete; see lib/system.h.
#include "lib/system.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "storage/root.h"

#include <fcntl.h>

#include <optional>

namespace lib {
namespace {

/// Why the container of a directory is only half there; nullopt when it is whole.
std::optional<std::string> half_made(const Engine& engine, const std::string& id) {
    const auto dir = ContainerDir::find(engine, id);
    if (!dir) return "has no record";
    std::string name;
    try {
        name = dir->load_record().name;
    } catch (const Error&) {
        return std::nullopt; // damage, which is for `system check` to tell and for the user to remove
    }
    const auto link = sys::find_link_at(AT_FDCWD, engine.paths.data + "/names/" + name);
    if (link && link->ends_with("/" + id)) return std::nullopt;
    // Whoever lost his name while he runs has to be stopped by somebody: not garbage.
    if (dir->has_monitor() || find_container_process(dir->load_state())) return std::nullopt;
    return cat("has lost its name ", name);
}

} // namespace

std::vector<std::string> collect_half_containers(Engine& engine, bool only_look) {
    const storage::Root root(engine.paths.data);
    root.ensure();
    // Makers and removers hold it shared until they are through, so what is half there now stays so.
    const FileLock lock = root.lock_exclusive();
    std::vector<std::string> found;
    for (const std::string& id : container_ids(engine)) {
        const auto why = half_made(engine, id);
        if (!why) continue;
        found.push_back(cat("container ", id.substr(0, 12), " ", *why));
        if (!only_look) throw_away(engine, id);
    }
    const std::string names = engine.paths.data + "/names/";
    for (const std::string& name : files::list(AT_FDCWD, names)) {
        const auto link = sys::find_link_at(AT_FDCWD, names + name);
        if (!link) continue; // the lock file
        const std::string id = link->substr(link->find_last_of('/') + 1);
        if (ContainerDir::find(engine, id)) continue;
        found.push_back(cat("name ", name, " leads to no container"));
        if (!only_look) sys::unlink_at(AT_FDCWD, names + name);
    }
    return found;
}

} // namespace lib
