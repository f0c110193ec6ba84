// commit: a new image out of a container, which may go on running.
#pragma once

#include "lib/engine.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

enum class ImageFormat { oci, docker };

struct CommitRequest {
    std::string container;
    std::string name;                 ///< as typed; empty: an image without a name
    std::string author;
    std::string message;
    std::vector<std::string> changes; ///< instructions as in a Containerfile
    std::optional<std::string> config_file; ///< JSON
    ImageFormat format = ImageFormat::oci;
    bool squash = false;              ///< one layer with everything
    bool pause = false;               ///< hold a running container meanwhile
    bool include_volumes = false;     ///< declare the container's volumes, as without content
};

/// The id: 64 hexadecimal digits. A container may be made from it at once.
std::string commit_container(Engine& engine, const CommitRequest& request, const Notice& notice);

} // namespace lib
