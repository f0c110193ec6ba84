// `--device HOST[:CONTAINER][:PERMISSIONS]`, `--device VENDOR.COM/CLASS=NAME` (CDI, lib/cdi.h) and `--gpus`: what a container gets
// of the machine's devices. All of it is bound: mknod is closed to ordinary users, and so is restricting what is done with
// a device, so permissions are checked and recorded, and the kernel goes by the node's owner and mode.
#pragma once

#include "base/oci/runtime_spec.h"

#include <string>
#include <utility>
#include <vector>

namespace lib {

struct DeviceRequest {
    std::string host;
    std::string container;
    std::string permissions = "rwm";
    bool operator==(const DeviceRequest&) const = default;
};

/// Throws Error for what is no absolute path, and for permissions that are not of r, w and m.
DeviceRequest parse_device_option(const std::string& text);
/// Whether `text` is a CDI name, "vendor.com/class=name".
bool is_cdi_name(const std::string& text);

/// A bind for each node; a directory of devices means every node in it. Throws Error where there is none, or what is there
/// is neither.
std::vector<oci::Mount> device_mounts(const DeviceRequest& request);

/// "all" or "0,1" of --gpus as CDI names, nvidia.com/gpu=…
std::vector<std::string> gpu_names(const std::string& text);

} // namespace lib
