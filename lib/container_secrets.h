// `--secret NAME[,type=mount|env,target=…,uid=,gid=,mode=]`: what a container gets of the secrets' store.
//
// A mounted secret is copied to a file beside the container's layers when the container is made (so neither `commit` nor
// `export` sees it, and it stays as it is when the secret changes), and bound to its place. The value of a variable is read
// at each start and handed to the first process alone: config.json and `inspect` never have it.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/container_store.h"
#include "lib/engine.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lib {

/// Throws Error for what cannot be understood and for secrets that are not there.
std::vector<SecretRecord> parse_secrets(const Engine& engine, const std::vector<std::string>& texts);

/// The files to be published with the container, and their mounts.
std::map<std::string, std::string> secret_files(const Engine& engine, const std::vector<SecretRecord>& secrets);
std::vector<oci::Mount> secret_mounts(const std::vector<SecretRecord>& secrets, const std::string& container_dir);

/// Gives the published files their owners and modes. `in_store`: an id of the container as the store's map has it.
struct OwnerMap {
    std::function<unsigned(unsigned)> uid;
    std::function<unsigned(unsigned)> gid;
};
void own_secret_files(Engine& engine, const std::vector<SecretRecord>& secrets, const std::string& container_dir, const OwnerMap& in_store);

/// Whether a variable's secret may be gone by now: at a start it may not, for `exec` it is left out.
enum class MissingSecret { is_error, is_left_out };
/// Adds the variables to an environment, in place of others of their names.
void add_secret_variables(const Engine& engine, const std::vector<SecretRecord>& secrets, std::vector<std::string>& env,
                          MissingSecret missing);

} // namespace lib
