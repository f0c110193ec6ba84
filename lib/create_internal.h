// Private to lib/create.cc and lib/start.cc: what `run` hands from one half to the other without reading it again.
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

Created create_record(Engine& engine, const CreateRequest& request, const Callbacks& callbacks);

} // namespace lib
