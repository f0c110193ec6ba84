// See storage/override_stat.h.
#include "storage/override_stat.h"

#include "base/error.h"

#include <cstdio>

namespace storage {

std::string override_stat(const IndexEntry& entry) {
    char mode[16];
    std::snprintf(mode, sizeof mode, "0%o", entry.mode);
    return cat(entry.uid, ":", entry.gid, ":", mode);
}

mode_t shared_mode(const IndexEntry& entry) noexcept {
    const bool runs = entry.type == EntryType::directory || (entry.mode & 0111) != 0;
    return runs ? 0755 : 0644;
}

} // namespace storage
