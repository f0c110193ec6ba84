// The environment of a container's first process, out of everything that has a say in it.
#pragma once

#include "base/oci/image_config.h"
#include "lib/env_file.h"
#include "lib/run.h"

#include <string>

namespace lib {

/// This process' own environment, without what is only between ctl and itself.
Environment host_environment();

/// From the weakest word to the strongest: the defaults (containers.conf's env or the PATH, `container`, TERM with a
/// terminal), --env-host or the proxy variables, the image, --env-merge, --unsetenv, HOSTNAME and HOME where nobody has
/// said otherwise, --env-file, --env (podman-run(1), "Environment"). Reads the env files.
Environment container_environment(const CreateRequest& request, const oci::ImageConfig& image, const std::string& hostname,
                                  const std::string& home, const Environment& host);

/// `text` with $NAME and ${NAME} replaced by their values, unknown ones by nothing.
std::string expand_variables(std::string_view text, const Environment& values);

} // namespace lib
