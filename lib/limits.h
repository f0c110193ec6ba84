// Resource limits: from options to linux.resources, and from there to what rootless/cgroup.h enforces.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/create_options.h"
#include "rootless/cgroup.h"

namespace lib {

/// Throws Error naming the option that makes no sense, alone or with another one.
oci::Resources make_resources(const LimitOptions& options);

/// `update`: puts the limits that `options` has over those of `resources`. "No limit" is a negative number afterwards, so
/// that limits_of() has it taken away; drop_unlimited() leaves such limits out for the record.
void change_resources(oci::Resources& resources, const LimitOptions& options);
void drop_unlimited(oci::Resources& resources);

rootless::Limits limits_of(const oci::Resources& resources);

} // namespace lib
