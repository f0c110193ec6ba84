// container clone: a new container with the settings of one that exists.
#pragma once

#include "lib/create_options.h"
#include "lib/engine.h"
#include "lib/run.h"

#include <string>

namespace lib {

struct CloneRequest {
    std::string container;
    std::string name;                         ///< empty: the original's with "-clone"
    std::string image;                        ///< as typed; empty: the original's
    LimitOptions limits;                      ///< in place of the original's
    bool destroy = false;                     ///< remove the original
    bool force = false;                       ///< also when it runs
};

/// The new id. Named volumes are shared, anonymous ones made anew; what the original has written is not taken over.
std::string clone_container(Engine& engine, const CloneRequest& request, const Callbacks& callbacks);

} // namespace lib
