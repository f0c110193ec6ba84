// What the files of `inspect` share.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

/// RFC 3339; Go's zero time, which is what "not yet" looks like in Podman's documents, for 0.
std::string inspect_time(std::int64_t time_ns);

/// HostConfig: what the container was given of the host.
nlohmann::json inspect_host_config(const ContainerRecord& record, const ContainerState& state, const oci::RuntimeSpec& spec,
                                   const std::string& log_path);

/// The values of an option as the user gave them, empty where it was not given.
std::vector<std::string> asked_list(const ContainerRecord& record, const std::string& option);
std::string asked_text(const ContainerRecord& record, const std::string& option);

/// {"80/tcp": [{"HostIp", "HostPort"}]}.
nlohmann::json inspect_ports(const std::vector<PortMapping>& ports);

} // namespace lib
