// Who uses what: the containers that keep a volume or a mounted image from being removed. Reads records, takes no lock.
#pragma once

#include "lib/container_store.h"
#include "lib/engine.h"

#include <map>
#include <string>
#include <vector>

namespace lib {

struct ContainerName {
    std::string id;
    std::string name;
};

/// The containers, running or not, that have each volume mounted, by its name. Volumes without any are not there.
std::map<std::string, std::vector<ContainerName>> volume_users(const Engine& engine);

/// Ids of the containers that have the image mounted (--mount type=image).
std::vector<std::string> containers_mounting(const Engine& engine, const std::string& image_id);

} // namespace lib
