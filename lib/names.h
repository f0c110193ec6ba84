// Names of containers.
#pragma once

#include <string>

namespace lib {

/// Throws Error unless `name` is [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 255 bytes.
void check_container_name(const std::string& name);
/// Two words and a number, such as "calm_harbor_41": easy to say, not a key to anything.
std::string random_container_name();

} // namespace lib
