// config.json of the OCI runtime specification 1.2 (config.md, config-linux.md): the members ctl writes and acts on.
//
// Every container is described by such a document, and the launch plan is made from nothing else. Reading refuses members
// of the wrong type with an Error naming the field; members unknown here are kept out of the plan.
#pragma once

#include "base/oci/seccomp.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace oci {

/// `process.user`: ids inside the container's user namespace.
struct User {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::optional<std::uint32_t> umask;
    std::vector<std::uint32_t> additional_gids;
};

/// `process.capabilities`: names such as "CAP_KILL" (capabilities(7)).
struct Capabilities {
    std::vector<std::string> bounding;
    std::vector<std::string> effective;
    std::vector<std::string> inheritable;
    std::vector<std::string> permitted;
    std::vector<std::string> ambient;
};

/// One entry of `process.rlimits`; type such as "RLIMIT_NOFILE".
struct Rlimit {
    std::string type;
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

struct Process {
    bool terminal = false;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env; ///< KEY=VALUE
    std::string cwd = "/";        ///< absolute
    Capabilities capabilities;
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::optional<int> oom_score_adj;
};

/// One entry of `mounts`. Besides the options of mount(8), "tmpcopyup" on a tmpfs shows what the image has there.
struct Mount {
    std::string destination; ///< absolute path inside the container
    std::string type;        ///< "bind", "tmpfs", "proc", …
    std::string source;
    std::vector<std::string> options;
};

/// `linux.namespaces[]`; an empty path makes a new one.
struct Namespace {
    std::string type; ///< user mount pid network ipc uts cgroup
    std::string path;
};

/// `linux.uidMappings[]` and `linux.gidMappings[]`.
struct IdMapping {
    std::uint32_t container_id = 0;
    std::uint32_t host_id = 0;
    std::uint32_t size = 0;
};

/// One entry of linux.resources.blockIO: a block device by its numbers and what holds for it.
struct DeviceRate {
    std::int64_t major = 0;
    std::int64_t minor = 0;
    std::uint64_t value = 0; ///< a weight (10 to 1000), or bytes or operations a second
    bool operator==(const DeviceRate&) const = default;
};

/// The limits of `linux.resources` that ctl enforces, in the specification's units: those of cgroup v1 where they differ.
struct Resources {
    std::optional<std::int64_t> cpu_quota;    ///< µs per period
    std::optional<std::uint64_t> cpu_period;  ///< µs
    std::optional<std::uint64_t> cpu_shares;  ///< 2 to 262144
    std::string cpuset_cpus;
    std::string cpuset_mems;
    std::optional<std::int64_t> memory_limit; ///< bytes
    std::optional<std::int64_t> memory_reservation;
    std::optional<std::int64_t> memory_swap;  ///< bytes of memory and swap together; -1: no limit
    std::optional<std::int64_t> pids_limit;
    std::optional<std::uint16_t> blkio_weight; ///< 10 to 1000
    std::vector<DeviceRate> blkio_weight_device;
    std::vector<DeviceRate> read_bps;
    std::vector<DeviceRate> write_bps;
    std::vector<DeviceRate> read_iops;
    std::vector<DeviceRate> write_iops;
    std::vector<std::pair<std::string, std::string>> unified; ///< file of the cgroup, text to write
    bool operator==(const Resources&) const = default;
    bool empty() const { return *this == Resources{}; }
};

struct RuntimeSpec {
    Process process;
    std::string root_path;
    bool root_readonly = false;
    std::string hostname;
    std::vector<Mount> mounts;
    std::vector<std::pair<std::string, std::string>> annotations;
    std::vector<IdMapping> uid_mappings;
    std::vector<IdMapping> gid_mappings;
    std::vector<Namespace> namespaces;
    std::vector<std::pair<std::string, std::string>> sysctl; ///< name with dots, value
    Resources resources;
    std::string cgroups_path;
    std::optional<Seccomp> seccomp;
    std::string rootfs_propagation;
    std::string personality; ///< `linux.personality.domain`: LINUX or LINUX32; may be empty
    std::vector<std::string> masked_paths;
    std::vector<std::string> readonly_paths;

    bool has_namespace(const std::string& type) const {
        for (const Namespace& n : namespaces)
            if (n.type == type) return true;
        return false;
    }
    /// Whether the container gets a new one of its own, neither the host's nor somebody else's.
    bool makes_namespace(const std::string& type) const {
        for (const Namespace& n : namespaces)
            if (n.type == type) return n.path.empty();
        return false;
    }
};

/// The document as JSON text, indented by two for human readers.
std::string to_json_text(const RuntimeSpec& spec);
/// Throws Error "FILE: field: what is wrong".
RuntimeSpec parse_runtime_spec(const std::string& text, const std::string& file);

} // namespace oci
