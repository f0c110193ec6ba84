// What every command of the OCI runtime is given: where its containers are and who makes their cgroups.
#pragma once

#include "rootless/cgroup.h"

#include <functional>
#include <string>

namespace lib::runtime {

struct Runtime {
    std::string root;                                                      ///< absolute; made when it is needed
    rootless::CgroupManager manager = rootless::CgroupManager::cgroupfs;   ///< none: --cgroup-manager=disabled
    std::function<void(const std::string&)> warn;                          ///< never empty
};

} // namespace lib::runtime
