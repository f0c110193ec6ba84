// What `ctl update` hands to the monitor of a running container: the ports that are to be published from now on.
#pragma once

#include "lib/container_store.h"

#include <optional>
#include <string>
#include <vector>

namespace lib {

/// Returns once they are published. The caller holds the container's lock. Throws the monitor's Error, when nothing has changed, and
/// where nobody answers.
void hand_over_ports(const ContainerDir& dir, const ContainerRecord& record, const std::vector<PortMapping>& ports);

/// The monitor's side: the ports that were handed over, once, and the answer; `problem` empty: they are published.
std::optional<std::vector<PortMapping>> take_given_ports(const ContainerDir& dir);
void answer_given_ports(const ContainerDir& dir, const std::string& problem);

} // namespace lib
