// Groups of options of `run` and `create`, parts of lib/run.h's CreateRequest: texts as typed, numbers as parsed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lib {

/// What the first process starts with beside its command, user and directory.
struct ProcessOptions {
    std::vector<std::string> default_env;     ///< containers.conf's env, in place of the built-in PATH
    std::vector<std::string> env_merge;       ///< KEY=VALUE with ${OTHER} of the image's environment
    std::vector<std::string> unsetenv;        ///< names of the image's or our own variables
    bool unsetenv_all = false;
    bool env_host = false;                    ///< all of the caller's variables
    bool http_proxy = true;                   ///< the caller's http_proxy and its like
    std::string umask;                        ///< octal; empty: 0022
    std::vector<std::string> ulimits;         ///< name=soft[:hard], or "host"
    std::optional<std::int64_t> oom_score_adj;
    std::string personality;                  ///< LINUX or LINUX32
    std::vector<std::string> group_add;       ///< names, numbers, or "keep-groups" alone
    std::vector<std::string> sysctls;         ///< name=value
    std::vector<std::string> default_sysctls; ///< containers.conf's; those of a namespace that is shared do not count
    std::string timezone;                     ///< "local" or a name below /usr/share/zoneinfo; empty: the image's
    std::string init_path;                    ///< program of this machine for --init in place of ours
    std::vector<std::string> default_capabilities; ///< containers.conf's; empty: the built-in ones
    std::string seccomp_profile;              ///< containers.conf's; empty: the built-in filter
    bool keyring = true;                      ///< a session keyring of its own
};

/// Entries in the container's passwd and group files.
struct UserFileOptions {
    bool passwd = true;                       ///< add an entry for a user that the image does not know
    std::string passwd_entry;                 ///< in place of the made one; $USERNAME $UID $GID $NAME $HOME
    std::string group_entry;                  ///< $GROUPNAME $GID $USERLIST
    std::vector<std::string> host_users;      ///< users of this machine to be known inside, by name or number
};

/// What is found under which name: hosts, hostname, resolv.conf.
struct NameOptions {
    std::vector<std::string> add_hosts;       ///< NAME[;NAME…]:ADDRESS, the address may be "host-gateway"
    std::vector<std::string> dns;             ///< addresses, or "none" alone: leave resolv.conf to the image
    std::vector<std::string> dns_searches;    ///< "." alone: none
    std::vector<std::string> dns_options;
    std::string hosts_file;                   ///< empty: this machine's; "image", "none" or a path
    std::string host_address;                 ///< containers.conf's host_containers_internal_ip; "none" for no entry
    bool no_hosts = false;
    bool no_hostname = false;
};

/// What is put in beside mounts.
struct FileOptions {
    std::vector<std::string> secrets;         ///< NAME[,type=mount|env,target=,uid=,gid=,mode=]
    std::vector<std::string> devices;         ///< HOST[:CONTAINER][:PERMISSIONS], or a CDI name
    std::vector<std::string> gpus;            ///< "all", or numbers
    std::vector<std::string> cdi_directories; ///< empty: the specification's
    std::vector<std::string> chroot_dirs;     ///< directories of the container that get /etc/hosts and its like too
    std::string systemd = "true";             ///< true: where the command is an init system; false, always
    std::string systemd_shm_size;             ///< of its places in memory, in bytes; empty: what the kernel gives
};

/// `name=number` of an option for one block device.
struct DeviceLimit {
    std::string path;
    std::uint64_t value = 0;
};

/// Resource limits (lib/limits.h makes linux.resources of them); also what `update` changes.
struct LimitOptions {
    std::optional<double> cpus;
    std::optional<std::int64_t> cpu_quota;    ///< µs; not positive: none
    std::optional<std::uint64_t> cpu_period;  ///< µs
    std::optional<std::uint64_t> cpu_shares;
    std::optional<std::string> cpuset_cpus;
    std::optional<std::string> cpuset_mems;
    std::optional<std::int64_t> memory;       ///< bytes
    std::optional<std::int64_t> memory_reservation;
    std::optional<std::int64_t> memory_swap;  ///< bytes of memory and swap together; -1: no limit
    std::optional<std::int64_t> pids;         ///< -1: no limit
    std::optional<std::uint64_t> blkio_weight;///< 10 to 1000
    std::vector<DeviceLimit> blkio_weight_device;
    std::vector<DeviceLimit> device_read_bps;
    std::vector<DeviceLimit> device_write_bps;
    std::vector<DeviceLimit> device_read_iops;
    std::vector<DeviceLimit> device_write_iops;
    std::vector<std::string> cgroup_conf;     ///< file=value
};

/// Where the container's cgroup is, if it has one.
struct CgroupOptions {
    std::string mode;                         ///< enabled, disabled, no-conmon, split; empty: enabled
    std::string parent;                       ///< a slice of systemd's or a path below the cgroup mount
    std::string manager;                      ///< containers.conf's cgroup_manager: systemd, cgroupfs; empty: what there is
};

/// Files and signals by which others follow the container's life.
struct LifeOptions {
    std::string cid_file;                     ///< must not exist yet
    std::string pid_file;
    std::string monitor_pid_file;
    bool replace = false;                     ///< a container of the same name is removed first
    std::int64_t timeout = 0;                 ///< seconds after which the container is killed; 0: never
    std::string sdnotify;                     ///< container, conmon, ignore; empty: container
    std::vector<std::string> annotations;     ///< KEY=VALUE
    std::vector<std::string> label_files;
    std::string runtime;                      ///< --runtime; empty: ctl's own
    std::vector<std::string> runtime_flags;   ///< --runtime-flag, without dashes
    std::map<std::string, std::vector<std::string>> runtimes; ///< containers.conf's: where the programs of a name may be
    std::vector<int> preserve_fds;            ///< descriptors of the caller that the first process keeps
};

} // namespace lib
