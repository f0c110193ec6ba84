// cp's "-": a tar stream unpacked into a directory of a container, whose processes may be changing it meanwhile.
//
// Names resolve as the container sees them: symbolic links inside its root, never outside (rootless::find_in). What is made is
// made by descriptor (storage/new_name.h).
#pragma once

#include "base/unique_fd.h"
#include "storage/byte_source.h"

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

namespace lib::worker {

struct ExtractArguments {
    std::string path;       ///< of the directory, in the container
    std::string container;  ///< for errors
    bool overwrite = false; ///< directories may take the place of other files and the other way round
    std::optional<std::pair<uid_t, gid_t>> owner; ///< of everything; empty: the archive's

    static ExtractArguments parse(std::string path, const std::string& json);
};

/// `root`: of the container. Throws Error naming the entry.
void extract(storage::ByteSource& compressed, UniqueFd root, const ExtractArguments& arguments);

} // namespace lib::worker
