// Secrets: values under a name that containers get as files or variables, kept out of images, logs and records.
//
// One file each, secrets/NAME (0600): a line of JSON about it, then the bytes. Made and replaced by rename, so a reader has
// the old one or the new one.
#pragma once

#include "lib/engine.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lib {

inline constexpr std::size_t largest_secret = 512000; ///< bytes, as Podman's
inline constexpr int no_such_secret = 1;               ///< exit code of an attempt to remove one

struct Secret {
    std::string id;                           ///< 25 hexadecimal digits
    std::string name;
    std::int64_t created = 0;                 ///< ns since the epoch
    std::int64_t updated = 0;
    std::map<std::string, std::string> labels;
    std::string data;                         ///< only where it was asked for
};

struct CreateSecretRequest {
    std::string name;
    std::string data;
    std::vector<std::string> labels; ///< KEY=VALUE or KEY
    std::string driver = "file";
    bool replace = false;
};

/// The id. Throws Error where the name is taken (unless replaced) or no name, and for empty or too large data.
std::string create_secret(Engine& engine, const CreateSecretRequest& request);

enum class SecretData { without, with };
/// By name. Filters: name=PART, id=START; of several for one key one must hold.
std::vector<Secret> list_secrets(const Engine& engine, const std::vector<std::string>& filters);
/// By name, id or a start of the id that only one has.
std::optional<Secret> find_secret(const Engine& engine, const std::string& name_or_id, SecretData data);
Secret get_secret(const Engine& engine, const std::string& name_or_id, SecretData data);
/// The id. Containers that were made with it keep what they have of it in a file.
std::string remove_secret(Engine& engine, const std::string& name_or_id);

} // namespace lib
