// `--volumes-from CONTAINER[:OPTIONS]`: the volumes and binds of another container, at the same places.
#pragma once

#include "lib/mount_list.h"

#include <string>

namespace lib {

/// Adds what the container `text` names has mounted and `list` has no mount for. Options are ro, rw and z. What it has in
/// memory is not shared. Throws Error.
void add_volumes_from(MountList& list, const Engine& engine, const std::string& text, bool selinux);

} // namespace lib
