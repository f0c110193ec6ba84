// record.json and state.json as text; lib/container_store.h has the types.
#pragma once

#include "lib/container_store.h"

#include <string>

namespace lib {

std::string record_json(const ContainerRecord& record);
std::string state_json(const ContainerState& state);
std::string cgroup_json_text(const rootless::CgroupPlan& plan);
std::string ports_json_text(const std::vector<PortMapping>& ports);
/// Throw Error "FILE: field: …". Members of a later version are ignored.
ContainerRecord parse_record(const std::string& text, const std::string& file);
ContainerState parse_state(const std::string& text, const std::string& file);
rootless::CgroupPlan parse_cgroup(const std::string& text, const std::string& file);
std::vector<PortMapping> parse_ports(const std::string& text, const std::string& file);

} // namespace lib
