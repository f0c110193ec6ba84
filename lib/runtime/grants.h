// What a runtime-spec document asks for of privileges, against what there is to give.
#pragma once

#include "base/oci/runtime_spec.h"

#include <functional>
#include <string>

namespace lib::runtime {

/// Takes out of the sets what the process cannot get: capabilities that the kernel has not, those that the caller lacks herself where the
/// container has no user namespace of its own, and those that the sets rule out for each other (capabilities(7)). The specification has
/// each logged and none fail: `warn` is told.
void drop_ungrantable(oci::Capabilities& capabilities, const oci::RuntimeSpec& spec, const std::function<void(const std::string&)>& warn);

/// process.oomScoreAdj: the kernel lets an ordinary user's processes only go up. Throws Error naming the field.
void check_oom_score(const oci::Process& process);

} // namespace lib::runtime
