// What every use case needs to know about the user and the machine; made once by cli/main.cc.
#pragma once

#include "base/paths.h"
#include "lib/storage_driver.h"
#include "rootless/userns.h"

#include <functional>
#include <optional>
#include <string>

namespace lib {

/// A sentence for the user while a command is at work ("waiting for process 12, …", "resolved nginx to …"); never an error.
using Notice = std::function<void(const std::string&)>;

struct Engine {
    Paths paths;
    rootless::IdMaps maps; ///< the store's and every container's map; empty until load_maps()
    rootless::IdPolicy id_policy = rootless::IdPolicy::subordinate;
    std::optional<StorageDriver> storage_driver; ///< --storage-driver, where it was given

    /// Reads the id maps when they are first needed: `ps`, `logs` and `version` work without subordinate ids.
    const rootless::IdMaps& load_maps() {
        if (maps.uids.empty()) maps = rootless::load_id_maps(paths, id_policy);
        return maps;
    }
};

} // namespace lib
