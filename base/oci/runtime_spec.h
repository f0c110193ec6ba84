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

/// `process.scheduler` (sched_setattr(2)).
struct Scheduler {
    std::string policy; ///< "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"
    std::int32_t nice = 0;
    std::int32_t priority = 0;
    std::vector<std::string> flags; ///< "SCHED_FLAG_RESET_ON_FORK", …
    std::uint64_t runtime = 0;      ///< ns
    std::uint64_t deadline = 0;     ///< ns
    std::uint64_t period = 0;       ///< ns
};

/// `process.ioPriority` (ioprio_set(2)).
struct IoPriority {
    std::string io_class; ///< "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE" or "IOPRIO_CLASS_IDLE"
    int priority = 0;     ///< 0 to 7
};

/// `process.execCPUAffinity`: lists such as "0-3,7"; for exec alone.
struct CpuAffinity {
    std::string initial;
    std::string final;
};

/// `process.consoleSize`, in characters.
struct ConsoleSize {
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
};

struct Process {
    bool terminal = false;
    std::optional<ConsoleSize> console_size;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env; ///< KEY=VALUE
    std::string cwd = "/";        ///< absolute
    Capabilities capabilities;
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::optional<int> oom_score_adj;
    std::optional<Scheduler> scheduler;
    std::optional<IoPriority> io_priority;
    std::optional<CpuAffinity> exec_cpu_affinity;
    std::string apparmor_profile;
    std::string selinux_label;
};

/// `linux.uidMappings[]` and `linux.gidMappings[]`, and the same of a mount.
struct IdMapping {
    std::uint32_t container_id = 0;
    std::uint32_t host_id = 0;
    std::uint32_t size = 0;
};

/// One entry of `mounts`. Besides the options of mount(8), "tmpcopyup" on a tmpfs shows what the image has there.
struct Mount {
    std::string destination; ///< absolute path inside the container
    std::string type;        ///< "bind", "tmpfs", "proc", …
    std::string source;
    std::vector<std::string> options;
    std::vector<IdMapping> uid_mappings{}; ///< of an idmapped mount; empty: none of its own
    std::vector<IdMapping> gid_mappings{};
};

/// `linux.namespaces[]`; an empty path makes a new one.
struct Namespace {
    std::string type; ///< user mount pid network ipc uts cgroup time
    std::string path;
};

/// One entry of a list of `hooks`.
struct Hook {
    std::string path; ///< absolute
    std::vector<std::string> args; ///< args[0] included; empty: the path alone
    std::vector<std::string> env;  ///< nothing of the runtime's environment is added
    std::optional<std::int64_t> timeout; ///< s, more than 0
};

/// `hooks` (config.md, "POSIX-platform Hooks").
struct Hooks {
    std::vector<Hook> prestart; ///< deprecated, still used by container engines
    std::vector<Hook> create_runtime;
    std::vector<Hook> create_container;
    std::vector<Hook> start_container;
    std::vector<Hook> poststart;
    std::vector<Hook> poststop;
};

/// One entry of `linux.devices`: a node to be made inside the container.
struct Device {
    std::string path; ///< absolute, inside the container
    char type = 'c';  ///< 'c', 'b', 'u' (as 'c') or 'p'
    std::int64_t major = 0;
    std::int64_t minor = 0;
    std::optional<std::uint32_t> file_mode; ///< permission bits
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
};

/// One entry of `linux.resources.devices`: the later ones win.
struct DeviceRule {
    bool allow = false;
    char type = 'a'; ///< 'a', 'b' or 'c'
    std::optional<std::int64_t> major; ///< nullopt (also for -1): all
    std::optional<std::int64_t> minor;
    bool read = false;
    bool write = false;
    bool mknod = false;
    bool operator==(const DeviceRule&) const = default;
};

/// One entry of `linux.timeOffsets`, which both clocks "monotonic" and "boottime" may have.
struct TimeOffset {
    std::string clock;
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
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
    bool memory_check_before_update = false;  ///< a new limit below what is in use is refused
    std::optional<std::int64_t> pids_limit;
    std::optional<std::uint16_t> blkio_weight; ///< 10 to 1000
    std::vector<DeviceRate> blkio_weight_device;
    std::vector<DeviceRate> read_bps;
    std::vector<DeviceRate> write_bps;
    std::vector<DeviceRate> read_iops;
    std::vector<DeviceRate> write_iops;
    std::vector<std::pair<std::string, std::string>> unified; ///< file of the cgroup, text to write
    std::optional<std::uint64_t> cpu_burst; ///< µs
    std::optional<std::int64_t> cpu_idle;   ///< 0 or 1
    std::vector<std::pair<std::string, std::uint64_t>> hugepage_limits; ///< size such as "2MB", bytes
    struct Rdma {
        std::string device;
        std::optional<std::uint32_t> hca_handles;
        std::optional<std::uint32_t> hca_objects;
        bool operator==(const Rdma&) const = default;
    };
    std::vector<Rdma> rdma;
    std::vector<DeviceRule> devices;
    bool operator==(const Resources&) const = default;
    bool empty() const { return *this == Resources{}; }
};

struct RuntimeSpec {
    Process process;
    std::string root_path;
    bool root_readonly = false;
    std::string hostname;
    std::string domainname;
    Hooks hooks;
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
    std::vector<Device> devices;
    std::vector<TimeOffset> time_offsets;
    std::string mount_label; ///< SELinux context of the mounts
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
/// Throws Error "FILE: field: what is wrong". `process.args` is empty when there is no `process`.
RuntimeSpec parse_runtime_spec(const std::string& text, const std::string& file);
/// A document that is what `process` or `linux.resources` is in config.json.
Process parse_process(const std::string& text, const std::string& file);
Resources parse_resources(const std::string& text, const std::string& file);

} // namespace oci
