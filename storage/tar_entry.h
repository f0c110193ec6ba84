// One entry of a tar archive, as read and as written.
#pragma once

#include "storage/layer_index.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace storage {

struct TarEntry {
    std::string path; ///< as in the tar
    EntryType type = EntryType::file; ///< never whiteout: that is a matter of names
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;
    std::uint32_t mtime_ns = 0;
    std::uint64_t size = 0; ///< of the file, holes included
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::string link_target; ///< of symbolic and hard links
    std::vector<std::pair<std::string, std::string>> xattrs;
};

} // namespace storage
