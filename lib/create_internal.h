// Private to lib/create.cc, lib/clone.cc and lib/start.cc: what `run` hands from one half to the other without reading it again.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/run.h"
#include "storage/store.h"

namespace lib {

struct Created {
    CreateResult result;
    ContainerRecord record;
    oci::RuntimeSpec spec;
    storage::OpenLayers layers;
};

/// What becomes of the record next. One of `run` belongs to the process that makes it until a monitor takes over; should it
/// be killed before that, others know by its pid that nobody will start the container (remove_abandoned).
enum class Purpose { create, run };

Created create_record(Engine& engine, const CreateRequest& request, Purpose purpose, const Callbacks& callbacks);

/// Undoes a published container with its volumes, where something went wrong.
void remove_half_made(Engine& engine, const std::string& id) noexcept;

} // namespace lib
