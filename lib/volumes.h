// `ctl volume`: volumes by themselves, apart from the containers that use them.
#pragma once

#include "lib/engine.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// Exit code of an attempt to remove a volume that is in use (podman-volume-rm(1)), and of one that is not there.
inline constexpr int volume_in_use = 2;
inline constexpr int no_such_volume = 1;

struct CreateVolumeRequest {
    std::string name;                 ///< empty: 64 digits are made up
    std::vector<std::string> labels;  ///< KEY=VALUE or KEY
    std::vector<std::string> options; ///< type=…, o=…, device=…
    std::string driver = "local";
    bool ignore = false;              ///< one of that name is what was wanted
};
/// The name. Throws Error where it is taken, and for options that an ordinary user cannot have.
std::string create_volume(Engine& engine, const CreateVolumeRequest& request);

/// Documents with Podman's field names, by name. Filters, of which all must hold (and one of several for one key): name=PART,
/// label=KEY[=VALUE], label!=…, driver=, scope=, opt=KEY[=VALUE], dangling=true|false, anonymous=true|false, since=VOLUME,
/// until=TIME. Throws Error for others.
std::vector<nlohmann::json> list_volumes(const Engine& engine, const std::vector<std::string>& filters);

/// One document; by name, or by the start of one that only one has.
nlohmann::json inspect_volume(const Engine& engine, const std::string& name);
bool volume_exists(const Engine& engine, const std::string& name);

struct RemoveVolumeOptions {
    bool force = false; ///< containers that use it are removed first; a missing one is no error
    std::optional<std::chrono::seconds> timeout;
};
/// The full name. Throws Error with the exit codes above, naming the containers that use it.
std::string remove_volume(Engine& engine, const std::string& name, const RemoveVolumeOptions& options);

/// Removes those that no container uses and the filters let through; their names.
std::vector<std::string> prune_volumes(Engine& engine, const std::vector<std::string>& filters);

/// The directory where the volume's files are. Throws Error for volumes that have none of their own (type=tmpfs).
std::string volume_directory(const Engine& engine, const std::string& name);

/// Its content as a tar archive to a descriptor.
void export_volume(Engine& engine, const std::string& name, int output_fd);
/// Unpacks a tar archive (plain, gzip or zstd) into it.
void import_volume(Engine& engine, const std::string& name, int input_fd);

} // namespace lib
