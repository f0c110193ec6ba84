// cp: files between the host and containers, and between containers. lib/copy_place.h says what the paths mean,
// storage/tree_copy.h how the bytes go.
#pragma once

#include "lib/engine.h"

#include <cstddef>
#include <string>

namespace lib {

/// A path of the host (no container) or of a container. "-" on the host's side is a tar stream on stdin or stdout.
struct CopyEnd {
    std::string container;
    std::string path;
    bool is_stream() const { return container.empty() && path == "-"; }
};

/// "CONTAINER:PATH", or a path of the host, which a leading "/" or "." makes sure of.
CopyEnd parse_copy_end(const std::string& word);

struct CopyRequest {
    CopyEnd source;
    CopyEnd destination;
    bool chown = true;      ///< give what arrives to the container's user (on the host: to the caller), else keep the ids
    bool overwrite = false; ///< let directories take the place of other files and the other way round
};

/// What was left out: nobody may read it, or it cannot be copied (devices, sockets, /proc).
struct CopyResult {
    std::size_t unreadable = 0;
    std::size_t special = 0;
};

/// Throws Error naming the path that is not there or not of the right kind.
CopyResult copy_files(Engine& engine, const CopyRequest& request);

} // namespace lib
