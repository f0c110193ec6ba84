// Resource limits: a cgroup v2 of its own for a container that has any (design.md, "Limits"). A container without limits
// needs none of this and starts on every host.
//
// Two ways to a cgroup we may write: a transient scope from the user's systemd, or a subtree that somebody has chowned to
// us (cgroupfs). Below either there are two leaves, because a cgroup that hands out controllers holds no processes
// (cgroups(7), "no internal processes"):
//
//     <scope or owned cgroup>/ctl-monitor     us, outside the limits
//     <scope or owned cgroup>/<container>     the container; the limits are written here, read back and compared
//
// The limits are not properties of the scope: the monitor would be counted and could be the victim of the OOM killer, and
// the scope would vanish together with memory.events before anybody has read that there was an OOM kill. As long as the
// monitor lives, so do the scope and its counters; when it exits, systemd removes the scope.
#pragma once

#include "base/oci/runtime_spec.h"
#include "base/paths.h"
#include "base/unique_fd.h"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rootless {

/// What we enforce of the OCI runtime spec's linux.resources, in its units and with its meaning of "no limit".
struct Limits {
    std::optional<std::int64_t> cpu_quota;   ///< µs of CPU time per period; not positive: none
    std::uint64_t cpu_period = 100000;       ///< µs
    std::optional<std::uint64_t> cpu_burst;  ///< µs that may be used in a later period; at most the quota
    std::optional<std::uint64_t> cpu_shares; ///< 2 to 262144, where 1024 is everybody's
    std::optional<std::int64_t> cpu_idle;    ///< 1: runs only when nobody else wants to, as SCHED_IDLE does
    std::string cpuset_cpus;                 ///< "0-2,5"; empty: all
    std::string cpuset_mems;
    std::optional<std::int64_t> memory;      ///< bytes; not positive: none
    std::optional<std::int64_t> memory_low;  ///< bytes; not positive: none
    std::optional<std::int64_t> memory_swap; ///< bytes, memory and swap together; not positive: none
    bool memory_check = false;               ///< a memory limit below what is in use already is refused
    std::optional<std::int64_t> pids;        ///< processes and threads; negative: none
    std::optional<std::uint16_t> io_weight;  ///< 10 to 1000
    std::vector<oci::DeviceRate> io_weights;
    std::vector<oci::DeviceRate> read_bps, write_bps, read_iops, write_iops;
    std::vector<std::pair<std::string, std::uint64_t>> hugepages; ///< size such as "2MB", bytes
    std::vector<oci::Resources::Rdma> rdma;
    std::vector<std::pair<std::string, std::string>> files; ///< control file, text to write

    /// The controllers these limits need: "cpu", "memory", "pids", …; empty: no limit is set.
    std::vector<std::string> controllers() const;
    /// The first option of `ctl run` that asked for a controller, or a member of config.json without one; for messages.
    std::string option_of(const std::string& controller) const;
};

/// cgroup v2's cpu.weight (1 to 10000) for cpu.shares, on the line that maps the ends of both ranges to each other.
std::uint64_t cpu_weight(std::uint64_t shares);
/// cgroup v2's io.weight (1 to 10000) for a blkio.weight (10 to 1000).
std::uint64_t io_weight(std::uint64_t blkio_weight);

enum class CgroupManager {
    none,     ///< no limits, no cgroup work
    systemd,  ///< a transient scope of the user's systemd
    cgroupfs, ///< directories made in a subtree of our own
};

/// Which cgroup is wanted (podman-run(1), --cgroups).
enum class CgroupMode {
    when_limited, ///< one of its own when there are limits or a parent is named
    own,          ///< one of its own in any case
    split,        ///< in the caller's own cgroup, beside a leaf for the monitor: what a systemd service wants
};

struct CgroupRequest {
    std::string container_id; ///< at least 12 characters; names the scope
    CgroupMode mode = CgroupMode::when_limited;
    std::string parent;       ///< a slice of systemd's, or a directory below the cgroup2 mount; empty: none in particular
    std::optional<CgroupManager> manager; ///< the only one to be used
    std::string description;  ///< for people who look at the scope
    Limits limits;
    std::string scope_helper; ///< absolute path of ctl-scope
};

/// How a container gets its cgroup. Plain data, to be kept in the container's record for exec and removal.
struct CgroupPlan {
    CgroupManager manager = CgroupManager::none;
    Limits limits;
    std::string unit;         ///< systemd: "ctl-<12 of the id>.scope"
    std::string description;
    std::string scope_helper;
    std::string bus;          ///< systemd: the socket of the bus
    std::string base;         ///< directory of the scope (known after place) or of the owned cgroup
    std::string leaf;         ///< name of the container's cgroup below `base`
    std::string slice;        ///< systemd: the slice to start the scope in; empty: its choice
    bool alone = false;       ///< the container's process alone is moved, whoever places it stays where it is
    bool made = false;        ///< the container's cgroup is of our making: what is in it may be killed and removed
    std::string made_above;   ///< the topmost of the directories above it that place() has made; empty: none
    bool vacate = false;      ///< `base` is a cgroup with processes of others' making: they move to the monitor's leaf
    /// systemd: the user does not linger (loginctl(1)), so her systemd ends with her last session and takes the container
    /// with it. Worth a warning when the container is to run on its own.
    bool ends_at_logout = false;

    /// The container's cgroup below the cgroup2 mount, absolute; empty before place and for `none`.
    std::string directory() const { return base.empty() ? std::string() : base + "/" + leaf; }
};

/// What the decision is made from. Everything is read below `root`, so that tests can lay out a host.
struct CgroupHost {
    std::string root; ///< "" for the real one
    uid_t uid;
    std::string user;        ///< login name
    std::string runtime_dir; ///< $XDG_RUNTIME_DIR, "" where unset

    static CgroupHost detect(const Paths& paths);
};

/// Decides before the container exists and changes nothing. Without limits the answer is `none`. With limits that cannot
/// be enforced here it throws an Error that names the missing controller and what to do about it.
CgroupPlan prepare_cgroup(const CgroupRequest& request, const CgroupHost& host);

/// What a runtime-spec document asks for with linux.cgroupsPath: with cgroupfs a path below the cgroup2 mount, absolute or from
/// the caller's cgroup on; with systemd "SLICE:PREFIX:NAME". Empty: below the caller's own cgroup, or none where that is not
/// allowed and no limit needs one. Throws Error as prepare_cgroup() does.
CgroupPlan plan_cgroup_path(const std::string& cgroups_path, CgroupManager manager, const CgroupRequest& request, const CgroupHost& host);

/// Puts the caller (the monitor) and the waiting `pid` into their cgroups and sets the limits; fills in plan.base. Called
/// by the parent between clone and the child's go; the child makes its cgroup namespace afterwards, so that the namespace
/// begins at its own cgroup. May be called again for the next process of a restarted container, after remove_cgroup.
/// Throws Error when a limit does not hold afterwards; the caller then ends `pid` and calls remove_cgroup.
void place(CgroupPlan& plan, pid_t pid);

/// Moves a container that runs without a cgroup to one of its own, which `plan` is the decision about, and its monitor to the
/// leaf beside it; fills in plan.base. No limit is set yet. `processes`: the container's, asked for until none is elsewhere.
/// The limits of what a process can use count from then on; memory it has already is the old cgroup's. Throws Error.
void move_in(CgroupPlan& plan, pid_t monitor, const std::function<std::vector<pid_t>()>& processes);
/// Whether a process of `uid` can be moved to the plan's cgroup: freely inside a subtree of the user's, else only by the user's
/// systemd, which moves her own processes alone.
bool can_move(const CgroupPlan& plan, pid_t pid, uid_t uid);

/// Sets further limits of a running container, where a value that is not positive takes the limit away. Throws Error when
/// the container has no cgroup, or a limit does not hold afterwards.
void change_limits(const CgroupPlan& plan, const Limits& limits);

/// Puts one more process (of exec) into the cgroup of a running container. The process must still be the user's own. `beside`:
/// the container's first process, or another one that has a place already. An init system moves itself to a cgroup further
/// down, and one that has such below it takes no processes any more.
void attach(const CgroupPlan& plan, pid_t pid, pid_t beside);

/// Holds everything in the container's cgroup (cgroup.freeze), or lets it go on, and returns when that has happened. Throws
/// Error where the plan has no cgroup.
void freeze(const CgroupPlan& plan);
void thaw(const CgroupPlan& plan);
/// Whether the cgroup is held; false for a plan without one.
bool is_frozen(const CgroupPlan& plan);

/// SIGKILL to everything in the container's cgroup (cgroup.kill, kernel 5.14); false where that does not exist.
bool kill_all(const CgroupPlan& plan);

/// Kills what is left and removes the container's cgroup with everything below it. For the end of a container: after the
/// last read of a CgroupWatch. The scope itself ends with the monitor.
void remove_cgroup(const CgroupPlan& plan);

/// Directory of the cgroup (v2) of a process below the cgroup2 mount; nullopt when there is no such mount or process.
std::optional<std::string> find_cgroup(pid_t pid);

/// Counts the OOM kills of a container's cgroup, descendants included.
class CgroupWatch {
public:
    /// A plan without a cgroup or without the memory controller gives a watch that never reports.
    explicit CgroupWatch(const CgroupPlan& plan);

    /// memory.events, to be polled for EPOLLPRI (kernfs notifies); -1 where there is nothing to watch.
    int fd() const noexcept { return events_.get(); }
    /// Reads the counter, which also arms the next notification. Exact once a process of the container has been reaped:
    /// the kernel counts before it kills. Keeps the last value when the cgroup is gone.
    std::int64_t oom_kills() noexcept;

private:
    UniqueFd events_;
    std::int64_t oom_kills_ = 0;
};

} // namespace rootless
