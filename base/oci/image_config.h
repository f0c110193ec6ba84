// The image configuration (image-spec, config.md; Docker's image JSON has the same shape).
#pragma once

#include "base/oci/digest.h"
#include "base/oci/platform.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oci {

struct History {
    std::string created; ///< RFC 3339, as the image says it
    std::string created_by;
    std::string comment;
    bool empty_layer = false;
};

struct ImageConfig {
    std::string user;                 ///< "", "name", "name:group", "1000:1000"
    std::vector<std::string> env;     ///< NAME=value
    /// nullopt: not given. `entrypoint` empty and `cmd` empty both mean there is nothing to run.
    std::optional<std::vector<std::string>> entrypoint;
    std::optional<std::vector<std::string>> cmd;
    std::string working_dir;
    std::map<std::string, std::string> labels;
    std::vector<std::string> exposed_ports; ///< "80/tcp"
    std::vector<std::string> volumes;       ///< paths in the container
    std::string stop_signal;                ///< "SIGQUIT", "3"; empty: not given
    std::string healthcheck;                ///< Docker's Healthcheck object as JSON text; empty: not given
    std::vector<Digest> diff_ids;           ///< of the unpacked layers, lowest first
    std::vector<History> history;
    Platform platform;
    std::string created; ///< RFC 3339; empty: not given
    std::string author;
};

/// Throws Error naming the field that is missing or of the wrong type.
ImageConfig parse_image_config(std::string_view text);

} // namespace oci
