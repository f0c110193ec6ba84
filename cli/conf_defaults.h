// containers.conf as defaults of options: what the file says stands in for what the user did not type.
#pragma once

#include "base/error.h"
#include "cli/parse.h"
#include "lib/config/containers_conf.h"
#include "lib/run.h"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// A value that was not typed.
struct ConfDefault {
    std::string option; ///< without dashes
    std::string key;    ///< "containers.tz"
    std::string file;
};

/// The commands that ask for containers.conf; others never read it.
bool reads_containers_conf(std::string_view command);

/// Fills in the options of `command` that were not given. Lists of the kind that add up (volumes, ulimits, …) come before
/// the user's, so that hers win.
std::vector<ConfDefault> apply_conf_defaults(ParsedCommand& command, const lib::config::ContainersConf& conf);

/// What containers.conf says that no option of `run` can.
void apply_conf(lib::CreateRequest& request, const lib::config::ContainersConf& conf);

/// [engine] env: the environment of ctl itself.
void apply_engine_environment(const lib::config::ContainersConf& conf);

/// An error about an option that the user did not give says where the value comes from.
void name_source(Error& error, const std::vector<ConfDefault>& defaults);

/// Whether something is done with a key: there is a command with its option, or it needs none. For the test that holds the
/// table of keys to it.
bool is_conf_key_used(std::string_view key);

} // namespace cli
