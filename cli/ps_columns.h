// A container in the words of `ps`: its texts, its JSON document and the fields of its templates.
#pragma once

#include "lib/container_size.h"
#include "lib/containers.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace cli {

/// What decides how all of them look.
struct PsLook {
    std::int64_t now_ns = 0;
    bool truncate = true;    ///< ids and commands
    bool namespaces = false; ///< tell the numbers of the namespaces
    const std::map<std::string, lib::ContainerSize>* sizes = nullptr; ///< by id; nullptr: not asked for
};

std::string ps_id(const lib::ContainerSummary& container, const PsLook& look);
std::string ps_command(const lib::ContainerSummary& container, const PsLook& look);
std::string ps_status(const lib::ContainerSummary& container, const PsLook& look);
/// "0.0.0.0:8000-8002->80-82/tcp, 443/tcp": published ones, then those that the image only exposes.
std::string ps_ports(const lib::ContainerSummary& container);
/// "12B (virtual 2.13MB)".
std::string ps_size(const lib::ContainerSummary& container, const PsLook& look);

/// The numbers of a running container's namespaces by Podman's names: Mnt, Cgroup, Ipc, Net, Pidns, Uts, User. Those
/// that the caller may not see are missing.
std::map<std::string, std::string> ps_namespaces(const lib::ContainerSummary& container);

/// One element of `ps --format json`.
nlohmann::json ps_document(const lib::ContainerSummary& container, const PsLook& look);
/// What templates see instead: the texts of the table, and more (podman-ps(1), --format).
nlohmann::json ps_fields(const lib::ContainerSummary& container, const PsLook& look);

} // namespace cli
