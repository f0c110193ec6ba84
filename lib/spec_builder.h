// The runtime-spec document of a new container, from what was asked for and what the image says.
#pragma once

#include "base/oci/image_config.h"
#include "base/oci/runtime_spec.h"
#include "lib/namespace_mode.h"
#include "lib/run.h"
#include "lib/user_lookup.h"
#include "rootless/userns.h"

#include <string>
#include <vector>

namespace lib {

/// A file of the container's directory that is shown inside.
struct GivenFile {
    std::string name;        ///< in the container's directory
    std::string destination;
    bool of_network = false; ///< containers that share a network share it
};

/// Everything that has been looked up already; building does no I/O but for a seccomp profile and env files.
struct SpecInput {
    const CreateRequest& request;
    const oci::ImageConfig& image;
    const rootless::IdMaps& maps;
    ResolvedUser user;
    std::string id;            ///< 64 digits
    std::string hostname;
    std::string container_dir; ///< absolute: merged/, hosts, hostname, resolv.conf
    std::vector<oci::Mount> mounts; ///< the user's
    NamespaceModes namespaces = {}; ///< those that are not the container's own
    std::vector<GivenFile> files;   ///< what ctl shows where the user's mounts leave the place
    std::string init_program;       ///< absolute path of --init-path's; empty: none
};

/// --group-add=keep-groups, and the annotation that stands for it in the document (crun's name, which Podman uses too).
bool keeps_groups(const ProcessOptions& options);
bool keeps_groups(const oci::RuntimeSpec& spec);
inline constexpr const char* keep_groups_annotation = "run.oci.keep_original_groups";

/// Throws Error naming the option that cannot be honoured.
oci::RuntimeSpec build_spec(const SpecInput& input);

/// The command line: entrypoint and command of the request over those of the image (podman-run(1)). Throws Error when
/// nothing is left to run.
struct CommandLine {
    std::vector<std::string> entrypoint;
    std::vector<std::string> command;
};
CommandLine command_line(const CreateRequest& request, const oci::ImageConfig& image);

} // namespace lib
