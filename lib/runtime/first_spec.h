// `spec`: a config.json to begin with.
#pragma once

#include <string>

namespace lib::runtime {

/// Writes config.json to the bundle. Throws Error where there is one. `rootless`: with a user namespace in which the caller is root.
void write_first_spec(const std::string& bundle, bool rootless);

} // namespace lib::runtime
