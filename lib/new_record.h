// The record of a new container (record.json), from what was asked for and what the image says.
#pragma once

#include "base/oci/image_config.h"
#include "lib/container_mounts.h"
#include "lib/container_store.h"
#include "lib/namespace_mode.h"
#include "lib/run.h"
#include "storage/store.h"

#include <string>
#include <vector>

namespace lib {

/// From the directory we are in: the monitor is in another. An empty path stays empty.
std::string absolute_path(const std::string& path);

/// Without id, log, secrets and what others find out. Throws Error for options that cannot be understood.
ContainerRecord make_record(const CreateRequest& request, const storage::Image& image, const oci::ImageConfig& config,
                            const ContainerMounts& mounts, const NamespaceModes& modes);

/// What the options ask for, with an absolute path and the tag in full: a new name does not change it.
LogSettings make_log_settings(const CreateRequest& request, const ContainerRecord& record);

/// --requires, and the containers whose namespaces it shares: without them it cannot start, either.
std::vector<std::string> required_ids(const Engine& engine, const CreateRequest& request, const NamespaceModes& modes);

/// That this process is going to start it.
void set_runner(const Engine& engine, ContainerRecord& record);

} // namespace lib
