// The records of containers: what was asked for (record.json, config.json) and what became of it (state.json).
//
// containers/<id>/ is made whole and published by the name's symbolic link; state.json is replaced by rename, so readers need
// no lock. Three locks, all of them flock:
//   lock        held for the moment in which somebody starts or removes the container
//   monitor     held by the monitor as long as it lives: whoever gets it knows that nobody watches the container any more
//   restarting  held by `ctl restart` from before the end until after the start: who follows the log waits for it
#pragma once

#include "base/lock.h"
#include "lib/containers.h"
#include "lib/engine.h"
#include "lib/log_settings.h"
#include "lib/other_runtime/choice.h"
#include "lib/publish.h"
#include "rootless/cgroup.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// A mount as `inspect` shows it.
struct MountRecord {
    std::string type;        ///< bind, volume, tmpfs, ramfs, devpts, image
    std::string name;        ///< of the volume
    std::string source;
    std::string destination;
    std::string options;     ///< comma-separated
    bool writable = true;
};

/// An image that is mounted into a container (--mount type=image); the record keeps its layers alive.
struct MountedImage {
    std::string id;
    std::vector<std::string> diff_ids; ///< bottom first
};

/// A secret of the container's: a file beside its layers, or a variable whose value is looked up at each start.
struct SecretRecord {
    std::string name;
    std::string id;      ///< what it was when the container was made
    std::string target;  ///< absolute path, or the variable's name
    bool is_variable = false;
    unsigned uid = 0;
    unsigned gid = 0;
    unsigned mode = 0444;
};

/// record.json: fixed when the container is made.
struct ContainerRecord {
    std::string id;
    std::string name;
    std::string image;                       ///< resolved name
    std::string image_id;
    std::string image_digest;                ///< of the manifest
    std::vector<std::string> image_diff_ids; ///< bottom first; keeps the layers from being collected
    std::string rootfs;                      ///< --rootfs: the directory that takes the image's place, absolute
    bool rootfs_overlay = false;             ///< what is written goes into the container's own layer, not into `rootfs`
    std::int64_t created = 0;                ///< ns since the epoch
    std::vector<std::string> create_command; ///< argv of the ctl that made it
    std::vector<std::string> entrypoint;
    std::vector<std::string> command;
    std::string user;                        ///< as asked for
    std::string network;                     ///< default, none, host, container:ID, ns:PATH
    std::vector<std::string> network_settings; ///< of the default one, as NetworkOption::settings has them
    std::map<std::string, std::string> namespaces; ///< of pid, ipc, uts, cgroup and user: private, host, … (NamespaceMode::word)
    std::vector<PortMapping> ports;          ///< as asked for
    std::vector<std::string> exposed_ports;  ///< what the image says it listens on, "80/tcp"
    std::map<std::string, std::string> labels;
    std::vector<MountRecord> mounts;
    std::vector<MountedImage> mounted_images;
    std::vector<SecretRecord> secrets;
    bool systemd = false;                    ///< an init system with a control group of its own, where there can be one
    std::vector<std::string> anonymous_volumes;
    LogSettings log;                         ///< its tag is expanded
    /// Values as the user gave them that `inspect` shows and nothing else needs, by option: dns, dns-search, dns-option,
    /// device (of all nodes, whole), volumes-from, publish-all, add-host, hosts-file, group-add, security-opt, tz, cidfile; default-capability: containers.conf's.
    std::map<std::string, std::vector<std::string>> asked;
    int stop_signal = 15;
    int stop_timeout = 10;                   ///< seconds
    std::string restart_policy;              ///< as --restart has it, empty: no
    std::vector<std::string> requires_ids;   ///< containers that are started before it: --requires, and whose namespaces it is in
    bool auto_remove = false;
    bool auto_remove_image = false;          ///< and its image after it, when nothing else uses that
    bool interactive = false;
    bool tty = false;
    bool init = false;
    bool make_cwd = false;
    bool privileged = false;
    bool single_id = false;                  ///< made in single-id mode: starts only there
    std::int64_t timeout = 0;                ///< seconds after which it is killed; 0: never
    std::string sdnotify;                    ///< container, conmon, ignore
    std::string pid_file;
    std::string monitor_pid_file;
    std::string cgroup_mode;                 ///< enabled, disabled, no-conmon, split
    std::string cgroup_parent;
    std::string cgroup_manager;              ///< systemd, cgroupfs; empty: what there is
    std::string passwd_addition;             ///< to add to the image's passwd at the first start
    std::string group_addition;
    std::optional<StorageDriver> storage_driver; ///< --storage-driver, where it was made with that
    std::string image_store;                 ///< --imagestore, where it was made with that: what has its layers
    OtherRuntime runtime;                    ///< --runtime; empty: ctl's own
    bool no_keyring = false;                 ///< the processes share the caller's session keyring
    /// The directory that is the root itself; empty where there is an overlay.
    std::string bound_root() const { return rootfs_overlay ? "" : rootfs; }

    int runner_pid = 0;                      ///< the `ctl run` that made it and was to start it
    std::uint64_t runner_start = 0;          ///< as pid_start below
    std::string runner_boot;
};

/// state.json: replaced with each change, by the monitor while there is one. A state of another boot counts as exited.
///
///   created     never started
///   starting    saved before the container's process may go on, so that one whose monitor dies is found in any case
///   initialized everything is there and its process waits to become its program (`ctl init`); whoever starts it tells the
///               monitor so by SIGUSR2. One whose process or monitor is gone is again what it was before.
///   running     its program was executed
///   restarting  it ended by itself, and the monitor will start it again (--restart)
///   exited      ended for good, or could not be started again
///
/// What load_state() tells besides: `stopping`, the process is gone and the monitor has not said how yet; `paused`, its
/// processes are held. Neither is ever written.
struct ContainerState {
    std::string status = "created";
    std::string boot_id;
    int pid = 0;
    std::uint64_t pid_start = 0;             ///< clock ticks since boot, /proc/PID/stat field 22: tells a reused pid
    std::uint32_t mount_namespace = 0;       ///< number of the one whose processes may outlive the first; 0: none can
    int monitor_pid = 0;
    std::int64_t started = 0;
    std::int64_t finished = 0;
    int exit_code = 0;
    bool oom_killed = false;
    int restart_count = 0;                   ///< by --restart, since it was last started by a command
    int network_restarts = 0;                ///< of the process that is its network, in this run
    bool stopped_by_user = false;            ///< by `ctl stop` and the like: it is not started again by itself
    std::string error;                       ///< why it could not be started, or what it has to do without
    std::vector<PortMapping> ports;          ///< with the ports in use
    rootless::CgroupPlan cgroup;
    std::string runtime_dir;                 ///< where the attach socket is
    StorageDriver driver = StorageDriver::overlay; ///< what shows its files
    bool lost = false;                       ///< never written: it ended in this boot, and no monitor saw how

    /// Its first process lives and has become its program.
    bool is_up() const { return status == "running" || status == "paused"; }
};

/// A record or state that is there and makes no sense. Whoever looks at all containers passes over such a one.
class DamagedRecord : public Error {
public:
    DamagedRecord(const std::string& id, const Error& why)
        : Error("container ", id.substr(0, 12), " is damaged (ctl rm -f ", id.substr(0, 12), " removes it): ", why.what()) {}
};

/// The directory of one container.
class ContainerDir {
public:
    /// By id, name or unique prefix of an id. Throws Error "no container with name or id …".
    static ContainerDir open(const Engine& engine, const std::string& id_or_name);
    /// The same, with nullopt when there is none. Throws Error for an ambiguous id.
    static std::optional<ContainerDir> find_named(const Engine& engine, const std::string& id_or_name);
    /// By full id; nullopt when it is gone.
    static std::optional<ContainerDir> find(const Engine& engine, const std::string& id);

    const std::string& id() const noexcept { return id_; }
    const std::string& path() const noexcept { return path_; } ///< absolute
    int fd() const noexcept { return fd_.get(); }

    /// Throws DamagedRecord.
    ContainerRecord load_record() const;
    /// For the changes that a container's record knows (rename). With the lock held.
    void save_record(const ContainerRecord& record) const;
    /// The state, corrected by what can be seen: a dead or foreign pid, another boot.
    ContainerState load_state() const;
    void save_state(const ContainerState& state) const;

    FileLock lock() const;
    std::optional<FileLock> try_lock_restarting() const;
    void wait_while_restarting() const;
    /// Waits until no monitor watches the container; the exit code that the last one left, if it could.
    std::optional<int> wait_for_monitor() const;
    bool has_monitor() const;
    std::optional<pid_t> find_monitor_pid() const;
    /// A handle on the monitor, if there is one; never on another process.
    std::optional<UniqueFd> find_monitor() const;

private:
    ContainerState load_end() const;
    ContainerState read_state() const;
    ContainerDir(std::string id, std::string path, UniqueFd fd, std::string boot_id)
        : id_(std::move(id)), path_(std::move(path)), fd_(std::move(fd)), boot_id_(std::move(boot_id)) {}
    std::string id_;
    std::string path_;
    UniqueFd fd_;
    std::string boot_id_;
};

/// The Error for a name that leads nowhere.
Error no_such_container(const std::string& id_or_name);

/// Ids of all containers there are, unsorted.
std::vector<std::string> container_ids(const Engine& engine);

struct ListedContainer {
    ContainerRecord record;
    ContainerState state; ///< as load_state tells it
};
enum class ListWhat { running, all };
/// One of many, read by way of the descriptor of all containers' directory, for what it costs to open one is most of what it
/// costs to look at one that does not run. nullopt: it is not one of `what`, or gone. Throws DamagedRecord.
std::optional<ListedContainer> look_at(const Engine& engine, const std::string& id, int containers, ListWhat what);

/// Where a container that is made now has its directory.
std::string new_container_path(const Engine& engine, const std::string& id);
/// Makes that directory with its records and files and then takes the name. Throws Error when the name is in use.
void publish_container(const Engine& engine, const ContainerRecord& record, const std::string& config_json,
                       const std::map<std::string, std::string>& files);
/// Moves a container out of sight: its name first, then its directory into trash/. Contents are unlinked by empty_trash.
void unpublish_container(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record);

/// Takes a name for a container, or throws Error saying who has it. Dropping it is no error when it leads elsewhere by now.
void take_name(const Engine& engine, const std::string& name, const std::string& id);
void drop_name(const Engine& engine, const std::string& name, const std::string& id) noexcept;

/// The containers that require `id`.
std::vector<ContainerRecord> find_dependents(const Engine& engine, const std::string& id);

/// Removes the anonymous volumes of a container that is gone, but those that others have taken over (--volumes-from).
void remove_anonymous_volumes(const Engine& engine, const ContainerRecord& record);

/// Moves a container whose record cannot be read out of sight. Nothing of it may run.
void throw_away_damaged(const Engine& engine, const std::string& id);

/// Moves the directory of a container without a name to trash/.
void throw_away(const Engine& engine, const std::string& id);

/// Unlinks trash/, as the user where that is enough, else inside the user namespace.
void empty_trash(Engine& engine);

/// Whether nobody will ever start it: the `ctl run --rm` that made it was killed before its monitor was there.
bool is_abandoned(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record);

/// The start time of a process (/proc/PID/stat field 22), nullopt when there is none.
std::optional<std::uint64_t> find_process_start(int pid);
/// A handle on the container's first process if it lives; never on another process that has the pid by now.
std::optional<UniqueFd> find_container_process(const ContainerState& state);

} // namespace lib
