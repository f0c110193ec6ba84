// What the image worker can still reach once it knows what it is to do: it parses what strangers have sent.
#pragma once

#include "base/paths.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lib::worker {

/// Files: the store, what it was given by descriptor, the machine's configuration and certificates, and of `request` the
/// directory to read, the places of certificates, and the directory to write to, which it makes. Neither the user's other files nor any
/// program. By Landlock: a kernel without it leaves the worker as it is, alone with what its user namespace allows.
void confine_to_store(const Paths& paths, const nlohmann::json& request);

/// For what speaks to registries and has nothing to do with the store: the same but for the store, and no capability.
void confine_to_network(const nlohmann::json& request);

/// The network, for requests that have no use for it. Where that is not possible nothing changes.
void leave_network() noexcept;

enum class Sockets { kept, denied };
/// What no request needs of the kernel (base/denied_calls.h). After the others, which need some of it.
void give_up_calls(Sockets sockets);

} // namespace lib::worker
