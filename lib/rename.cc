// rename; see lib/rename.h.
//
// The new name is taken, the record rewritten, the old name dropped, in this order. Killed in between, the container has two
// names; the record says which one is meant, and the other is free again once the container is gone (names lead to
// containers, see container_store.h). Doing it again completes it.
#include "lib/rename.h"

#include "base/error.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/container_store.h"
#include "lib/events.h"
#include "lib/names.h"

namespace lib {

void rename_container(Engine& engine, const std::string& id_or_name, const std::string& new_name) {
    check_container_name(new_name);
    const ContainerDir dir = ContainerDir::open(engine, id_or_name);
    const FileLock lock = dir.lock();
    if (!ContainerDir::find(engine, dir.id())) throw no_such_container(id_or_name);
    ContainerRecord record = dir.load_record();
    if (record.name == new_name) throw Error("container ", dir.id().substr(0, 12), " has the name ", new_name, " already");
    const std::string old_name = record.name;
    take_name(engine, new_name, dir.id());
    OnExit undo([&] { drop_name(engine, new_name, dir.id()); });
    record.name = new_name;
    dir.save_record(record);
    undo.disarm();
    drop_name(engine, old_name, dir.id());
    Event event = container_event(record, "rename");
    event.attributes["oldName"] = old_name;
    record_event(engine.paths, std::move(event));
}

} // namespace lib
