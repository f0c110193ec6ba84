// What the OCI runtime can do, for `features` (runtime-spec, features.md and features-linux.md).
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace lib::runtime {

/// Of this build on this kernel.
nlohmann::json features();

} // namespace lib::runtime
