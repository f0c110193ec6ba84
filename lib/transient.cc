// See lib/transient.h.
#include "lib/transient.h"

#include "base/error.h"
#include "base/files.h"
#include "lib/container_json.h"
#include "lib/container_places.h"
#include "lib/container_store.h"
#include "storage/root.h"

#include <fcntl.h>

#include <string>
#include <vector>

namespace lib {
namespace {

constexpr const char* place = "transient";

/// What it has outside of its directory. A record that is not whole says nothing of that any more.
void free_possessions(const Engine& engine, const std::string& container) {
    const std::string file = container + "/record.json";
    try {
        const auto text = files::find(file);
        if (!text || text->empty()) return;
        const ContainerRecord record = parse_record(*text, file);
        drop_name(engine, record.name, record.id);
        remove_anonymous_volumes(engine, record);
    } catch (const Error&) {
        return;
    }
}

} // namespace

std::vector<std::string> past_boots(const Engine& engine) {
    const std::string all = cat(engine.paths.data, "/", place);
    std::vector<std::string> boots;
    for (const std::string& name : files::list(AT_FDCWD, all))
        if (name != engine.paths.boot_id) boots.push_back(cat(all, "/", name));
    return boots;
}

std::size_t count_past_containers(const Engine& engine) {
    std::size_t count = 0;
    for (const std::string& boot : past_boots(engine)) count += container_ids_in(boot).size();
    return count;
}

std::size_t remove_past_containers(const Engine& engine) {
    std::size_t count = 0;
    const storage::Root root(engine.paths.data);
    for (const std::string& boot : past_boots(engine)) {
        for (const std::string& id : container_ids_in(boot)) {
            free_possessions(engine, cat(boot, "/", id));
            ++count;
        }
        (void)root.discard(boot.substr(root.dir().size() + 1));
    }
    return count;
}

} // namespace lib
