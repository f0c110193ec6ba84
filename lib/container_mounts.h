// What a container shows of the host and of volumes: -v, --tmpfs and the image's VOLUMEs as mounts of the runtime spec.
#pragma once

#include "base/oci/image_config.h"
#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/engine.h"
#include "lib/run.h"

#include <string>
#include <vector>

namespace lib {

/// The result of reading all mount options.
struct ContainerMounts {
    std::vector<oci::Mount> mounts;              ///< parents before what lies below them
    std::vector<MountRecord> records;
    std::vector<std::string> anonymous_volumes;  ///< made for this container
    std::vector<std::pair<std::string, std::string>> to_fill; ///< volume name, destination: copy-up candidates
};

/// Makes the volumes that are missing. Throws Error for options that cannot be understood or honoured, and for two mounts
/// on one destination. Relative bind sources are those of the caller's directory.
ContainerMounts prepare_mounts(const Engine& engine, const CreateRequest& request, const oci::ImageConfig& image);

/// Fills new volumes with what the image has at their destinations. `layers`: topmost first. `mountpoint`: an empty directory.
void fill_volumes(Engine& engine, const std::vector<std::pair<std::string, std::string>>& to_fill,
                  const std::vector<int>& layers, const std::string& mountpoint);

} // namespace lib
