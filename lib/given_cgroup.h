// What `ctl update` hands to the monitor of a running container: other limits, and a cgroup where there was none.
#pragma once

#include "lib/container_store.h"

namespace lib {

/// What a start would ask rootless::prepare_cgroup for.
rootless::CgroupRequest cgroup_request(const ContainerRecord& record, const oci::Resources& resources);

/// The limits that are on record, for the runs to come.
rootless::Limits recorded_limits(const ContainerDir& dir);

/// Has the monitor take note of the limits on record.
void announce_limits(const ContainerDir& dir);
/// The same of a cgroup that the container has been moved to, and waits until that is in its state. Throws Error where nobody
/// answers.
void hand_over_cgroup(const ContainerDir& dir, const ContainerRecord& record, const rootless::CgroupPlan& plan);
/// The monitor's side: the cgroup that was handed over, once.
std::optional<rootless::CgroupPlan> take_given_cgroup(const ContainerDir& dir);

} // namespace lib
