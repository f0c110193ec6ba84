// Containers of --transient-store, which a reboot ends for good.
//
// They are in transient/<boot id>/ of the data root: as full of files as others, so not in the runtime directory, whose file
// system is memory, and a small part of it. Whose boot is over counts as not there at once, whatever a power cut has made of it;
// its files go with the first start after a boot and with `system prune`.
#pragma once

#include "lib/engine.h"

#include <cstddef>
#include <string>
#include <vector>

namespace lib {

/// How many containers of boots before this one still take room.
std::size_t count_past_containers(const Engine& engine);

/// The directories that they are in.
std::vector<std::string> past_boots(const Engine& engine);

/// Moves them to the trash, frees their names, and removes their anonymous volumes that nobody else has; how many there were.
std::size_t remove_past_containers(const Engine& engine);

} // namespace lib
