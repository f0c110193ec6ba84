// A container's document as another OCI runtime is to have it.
//
// What ctl does itself is taken out: the user namespace and its id maps (the runtime is started in it), limits (the runtime is
// started in the cgroup that has them), namespaces that are joined and the network (by paths). What the runtime says it does
// not know is left out where nothing is lost by that, and is an error where the container would be another one.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/other_runtime/abilities.h"

#include <sys/types.h>

#include <string>

namespace lib {

/// What the run adds.
struct DocumentPlace {
    pid_t stage = 0;         ///< the process whose namespaces are the container's (rootless::launch_stage)
    std::string cgroup;      ///< of that process, as /proc/PID/cgroup has it, where the container has one of its own; else empty
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
};

/// Throws Error for what this runtime cannot do, naming option and runtime. To be asked before anything is made.
void check_document(const oci::RuntimeSpec& spec, const OtherRuntime& runtime, const RuntimeAbilities& abilities);
/// config.json of the bundle.
std::string document_for(oci::RuntimeSpec spec, const OtherRuntime& runtime, const RuntimeAbilities& abilities, const DocumentPlace& place);
/// The document of `exec --process`.
std::string process_document_for(oci::Process process, const RuntimeAbilities& abilities);

} // namespace lib
