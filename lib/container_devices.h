// What --device and --gpus ask for, gathered: nodes of the machine and what CDI files say.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/create_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

struct ContainerDevices {
    std::vector<oci::Mount> mounts;
    std::vector<std::string> shown; ///< the nodes among them for `inspect`: HOST:CONTAINER:PERMISSIONS
    std::vector<std::string> env;
    std::vector<std::uint32_t> groups;
};

/// Throws Error naming the option, or the file, that cannot be honoured.
ContainerDevices gather_devices(const FileOptions& options);

/// Adds variables in place of others of their names.
void set_variables(std::vector<std::string>& env, const std::vector<std::string>& variables);

} // namespace lib
