// Who uses what; see lib/usage.h.
#include "lib/usage.h"

#include "base/error.h"

#include <algorithm>
#include <cerrno>
#include <functional>

namespace lib {
namespace {

enum class Damaged { refused, passed_over };

/// Calls `look` with the record of each container there is. One that cannot be read may use anything.
void each_record(const Engine& engine, Damaged damaged, const std::function<void(const ContainerRecord&)>& look) {
    for (const std::string& id : container_ids(engine)) {
        const auto dir = ContainerDir::find(engine, id);
        if (!dir) continue; // removed meanwhile
        try {
            look(dir->load_record());
        } catch (const DamagedRecord&) {
            if (damaged == Damaged::refused) throw;
        } catch (const SysError& e) {
            if (e.err() != ENOENT) throw; // removed while we read it
        }
    }
}

} // namespace

std::map<std::string, std::vector<ContainerName>> volume_users(const Engine& engine) {
    std::map<std::string, std::vector<ContainerName>> users;
    each_record(engine, Damaged::refused, [&](const ContainerRecord& record) {
        for (const MountRecord& mount : record.mounts) {
            if (mount.type != "volume") continue;
            auto& list = users[mount.name];
            if (list.empty() || list.back().id != record.id) list.push_back({record.id, record.name});
        }
    });
    return users;
}

std::vector<std::string> containers_mounting(const Engine& engine, const std::string& image_id) {
    std::vector<std::string> ids;
    // No layer is collected while there is a damaged record (storage/gc.cc), so the image's name is all that can be lost.
    each_record(engine, Damaged::passed_over, [&](const ContainerRecord& record) {
        if (std::ranges::count(record.mounted_images, image_id, &MountedImage::id) != 0) ids.push_back(record.id);
    });
    return ids;
}

} // namespace lib
