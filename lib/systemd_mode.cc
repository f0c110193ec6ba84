// Init systems as first processes; see lib/systemd_mode.h.
#include "lib/systemd_mode.h"

#include "base/error.h"
#include "lib/container_devices.h"

#include <algorithm>

namespace lib {

bool wants_systemd(const std::string& option, const std::vector<std::string>& command) {
    if (option == "always") return true;
    if (option == "false") return false;
    if (option != "true") throw Error("--systemd=", option, ": expected true, false or always");
    if (command.empty()) return false;
    const std::string& first = command.front();
    return first == "/sbin/init" || first == "/usr/sbin/init" || first == "/usr/local/sbin/init"
           || first.substr(first.find_last_of('/') + 1) == "systemd";
}

void set_systemd(oci::RuntimeSpec& spec, const std::string& id) {
    set_variables(spec.process.env, {"container_uuid=" + id.substr(0, 32)});
    // Only in a namespace of its own is what is written there the container's own.
    const auto own = [&](const oci::Namespace& n) { return n.type == "cgroup" && n.path.empty(); };
    if (std::ranges::none_of(spec.namespaces, own)) return;
    for (oci::Mount& mount : spec.mounts)
        if (mount.destination == "/sys/fs/cgroup" && mount.type == "cgroup") std::ranges::replace(mount.options, std::string("ro"), std::string("rw"));
}

} // namespace lib
