// Whose namespaces a container is in: other containers looked up when it is made, and found again at each start.
#pragma once

#include "lib/container_store.h"
#include "lib/engine.h"
#include "lib/namespace_mode.h"
#include "lib/run.h"
#include "rootless/surroundings.h"

namespace lib {

/// Reads the options and looks containers up: their ids take the place of the names. Throws Error for what cannot go together.
NamespaceModes choose_namespaces(const Engine& engine, const CreateRequest& request);

/// The maps of a container, from its document.
rootless::IdMaps maps_of(const oci::RuntimeSpec& spec);

/// Opens what the document says to join, for one start. Throws Error when a container that it needs does not run.
rootless::Surroundings open_surroundings(const Engine& engine, const oci::RuntimeSpec& spec, int mounts_in = -1);

/// The document with the entries taken out that turned out to be the caller's own namespaces, which nobody needs to join
/// and an ordinary user may not: for joining the running container `target`.
oci::RuntimeSpec without_own_namespaces(oci::RuntimeSpec spec, pid_t target);

} // namespace lib
