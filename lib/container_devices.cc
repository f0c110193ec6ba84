// Devices of a container; see lib/container_devices.h.
#include "lib/container_devices.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/cdi.h"
#include "lib/device_option.h"

#include <sys/stat.h>
#include <fcntl.h>

#include <algorithm>

namespace lib {
namespace {

bool is_device(const std::string& path) {
    const auto found = sys::find_stat_at(AT_FDCWD, path);
    return found && (S_ISCHR(found->st_mode) || S_ISBLK(found->st_mode));
}

} // namespace

ContainerDevices gather_devices(const FileOptions& options) {
    ContainerDevices devices;
    std::vector<std::string> names;
    for (const std::string& text : options.gpus)
        for (std::string& name : gpu_names(text)) names.push_back(std::move(name));
    for (const std::string& text : options.devices) {
        if (is_cdi_name(text)) {
            names.push_back(text);
            continue;
        }
        const DeviceRequest request = parse_device_option(text);
        for (oci::Mount& mount : device_mounts(request)) {
            devices.shown.push_back(cat(mount.source, ":", mount.destination, ":", request.permissions));
            devices.mounts.push_back(std::move(mount));
        }
    }
    CdiEdits edits = resolve_cdi_devices(names, options.cdi_directories.empty() ? default_cdi_directories() : options.cdi_directories);
    for (oci::Mount& mount : edits.mounts) {
        if (std::ranges::count(devices.mounts, mount.destination, &oci::Mount::destination) != 0) continue;
        if (is_device(mount.source)) devices.shown.push_back(cat(mount.source, ":", mount.destination, ":rwm"));
        devices.mounts.push_back(std::move(mount));
    }
    devices.env = std::move(edits.env);
    devices.groups = std::move(edits.groups);
    return devices;
}

void set_variables(std::vector<std::string>& env, const std::vector<std::string>& variables) {
    for (const std::string& variable : variables) {
        const std::string name = variable.substr(0, variable.find('=') + 1);
        std::erase_if(env, [&](const std::string& other) { return other.starts_with(name); });
        env.push_back(variable);
    }
}

} // namespace lib
