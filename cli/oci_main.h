// The command line of the OCI runtime: `ctl oci`, and ctl under the name ctl-oci.
#pragma once

#include "cli/command.h"
#include "lib/runtime/engine.h"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

inline constexpr std::string_view oci_command = "oci";

/// Whether the program was called under the runtime's name.
bool is_oci_call(std::string_view argv0);

/// `words`: what stands behind "oci". Prints what goes wrong on standard error and into --log, as callers of runc and crun expect it.
/// The exit status: 1 for errors, of `exec` and `run` 126, 127 or what the program's was.
int run_oci(const std::vector<std::string>& words, char* const argv[]);

/// The value of an option that names a file, from the current directory on; empty where it was not given.
std::string absolute_path(const ParsedCommand& command, std::string_view option);

/// --preserve-fds of create, run and exec.
int preserve_count(const ParsedCommand& command);

/// What the options before the command say.
lib::runtime::Runtime make_runtime(const Globals& globals);

} // namespace cli
