// The plan that a new process of a container interprets between clone and exec, as plain data.
//
// Zone C (docs/conventions.md): everything here is computed by the parent (rootless/plan.cc); the child neither allocates
// nor throws, and calls nothing but thin wrappers of system calls. Strings and arrays belong to the parent's ChildProgram,
// whose memory the child has a copy of.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace rootless {

/// One thing to do while the root file system is put together. The members a kind uses are listed with it.
enum class StepKind : std::uint8_t {
    private_mounts,  ///< nothing we mount is seen outside; propagation: whether what is mounted outside later is seen here
    reopen,          ///< fd: a directory of the parent's, opened anew at source so that it belongs to our mount namespace,
                     ///< where overlay takes its layers from; device and inode it must have
    overlay_root,    ///< source: data of mount(2); path: directory of the host it is mounted on
    fuse_root,       ///< path: directory of the host it is mounted on; socket: where the device goes to who answers for it
    fuse_lower,      ///< the same, as a layer of the overlay_root to come; fd: the parent's number that becomes its root directory
    bind_root,       ///< source: directory of the host that becomes the root; path: what it is mounted on, also itself
    mount_fs,        ///< source: type; options; attributes; path
    mount_bind,      ///< source: path of the host; device and inode it must have (0: any); subpath; attributes; recursive;
                     ///< propagation; path
    overlay,         ///< source: data of mount(2), or socket as for fuse_root; lower: its topmost lower directory; subpath;
                     ///< attributes; path, or fd as for grab_tree
    tmpfs_over,      ///< options; attributes; path: a tmpfs that starts with what the image has there ("tmpcopyup")
    device,          ///< source: node of the host; device: the st_rdev it must have; path
    node,            ///< path: a node to be made; mode (with its type), device, uid, gid; source: the host's, which is bound where
                     ///< the kernel lets us make none
    grab_tree,       ///< source: path of the host; device and inode it must have; subpath; recursive; fd: the parent's number
                     ///< that becomes a detached copy of what is mounted there, for a later mount_tree
    mount_tree,      ///< fd: a detached tree, put on path; attributes; propagation; source: what it is, for keep_handle
    adopt_root,      ///< the working directory, which the outer process has mounted, becomes the root
    own,             ///< fd: directory of the parent's; source: name in it; uid and gid its owner
    symlink,         ///< source: text; path (directly in a directory made by us)
    link_copy,       ///< source: text; path: a symbolic link, which may be there already if it is the same
    directory,       ///< path; made with its parents where it is missing
    append_file,     ///< source: text; path: a regular file, made where it is missing
    console,         ///< opens a pty in the container's devpts and binds it to path; uid
    mask,            ///< path: hidden behind /dev/null or an empty read-only tmpfs
    readonly_path,   ///< path
    sysctl,          ///< path: below /proc/sys, with slashes; source: value
    call,            ///< function, with argument: something of the caller's own making, while the host's files are in sight
    loopback_up,     ///< brings lo up; source: an IPv4 address to add, or null
    hostname,        ///< source
    domainname,      ///< source
    pause,           ///< says so (ChildStage::paused) and waits for another byte on go_fd: the caller's hooks run meanwhile
    readonly_root,
    change_mount,    ///< path: the file system mounted there, not those below it; attributes, cleared
    pivot,           ///< the new root becomes /, the old one is gone
    move_root,       ///< the same without pivot_root(2): the new root's mount covers the old one
    root_propagation, ///< propagation: what holds for the root's mount in the end
};

/// key=value for fsconfig(2); a null value is a flag. Arrays end with a null key.
struct FsOption {
    const char* key;
    const char* value;
};

struct Step {
    StepKind kind;
    bool optional = false;         ///< a kernel that refuses it is no error
    bool fixed_path = false;       ///< no component of the path may be a symbolic link
    bool recursive = true;         ///< mounts below the source come along
    const char* path = nullptr;    ///< inside the container unless said otherwise
    const char* source = nullptr;
    const char* lower = nullptr;
    const char* subpath = nullptr; ///< the part of the source that is meant, resolved inside it; null: all of it
    const FsOption* options = nullptr;
    std::uint64_t attributes = 0;  ///< MOUNT_ATTR_*
    std::uint64_t top_attributes = 0; ///< of binds: those of the topmost mount, `attributes` being everywhere
    std::uint64_t cleared = 0;     ///< of change_mount: MOUNT_ATTR_* that are off afterwards
    std::uint64_t propagation = 0; ///< MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, MS_REC; 0: as it comes
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    mode_t mode = 0;
    int fd = -1;
    int socket = -1;
    int (*function)(const void*) noexcept = nullptr; ///< zone C; 0 or an errno
    const void* argument = nullptr;
};

/// A namespace that somebody else has made, opened, and its CLONE_NEW* flag: setns(2).
struct Join {
    int fd;
    int flag;
};

struct ResourceLimit {
    int resource; ///< RLIMIT_*
    std::uint64_t soft;
    std::uint64_t hard;
};

/// Masks with bit n for capability n (capabilities(7)).
struct CapabilityMasks {
    std::uint64_t bounding = 0;
    std::uint64_t effective = 0;
    std::uint64_t permitted = 0;
    std::uint64_t inheritable = 0;
    std::uint64_t ambient = 0;
    int last = 40; ///< the kernel's last capability
};

/// sched_setattr(2)'s argument as of kernel 5.3, whose structure glibc's headers do not have.
struct SchedulerAttributes {
    std::uint32_t size = sizeof(SchedulerAttributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;  ///< ns
    std::uint64_t deadline = 0; ///< ns
    std::uint64_t period = 0;   ///< ns
    std::uint32_t utilization_min = 0;
    std::uint32_t utilization_max = 0;
};

/// Bit n is processor n.
using CpuMask = unsigned long[1024 / (8 * sizeof(unsigned long))];

inline constexpr std::uint32_t no_personality = 0xffffffff;

/// How the process itself is to be: the second half of a plan, the same for `run` and `exec`.
struct ProcessPlan {
    const char* cwd = "/";
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::span<const gid_t> groups;
    bool set_groups = true; ///< false in single-id mode, where the kernel denies setgroups
    std::uint32_t umask = 0022;
    CapabilityMasks capabilities;
    bool no_new_privileges = false;
    std::span<const sock_filter> seccomp; ///< empty: none
    unsigned seccomp_flags = 0;           ///< SECCOMP_FILTER_FLAG_*
    std::span<const ResourceLimit> limits;
    const char* oom_score_adj = nullptr; ///< decimal text, or null to inherit
    const SchedulerAttributes* scheduler = nullptr; ///< null: inherited, as the next two
    int io_priority = -1;                ///< for ioprio_set(2); -1: inherited
    const CpuMask* initial_cpus = nullptr; ///< from the beginning on
    const CpuMask* final_cpus = nullptr;   ///< once it is in its cgroup
    const char* lsm_file = nullptr;      ///< below /proc/self/attr: where `lsm_label` goes; null: nothing of the kind
    const char* lsm_label = nullptr;     ///< what AppArmor or SELinux is to do at exec
    std::uint32_t personality = no_personality; ///< for personality(2)
    std::span<const int> preserved;      ///< descriptors of the caller's that stay open
    bool new_keyring = true;
    bool init = false;                   ///< stay as a reaping pid 1 and run the command as its child
    std::span<char> title;               ///< our command line in memory, which the init gives a name of its own
    bool terminal = false;
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
    int stdio[3] = {-1, -1, -1};         ///< become 0, 1, 2; unused with a terminal
    const char* const* candidates = nullptr; ///< paths to try with execve, null-terminated
    char* const* argv = nullptr;
    char* const* envp = nullptr;
};

/// The outer process: it stands between the parent and a container's first process, where that begins in another user
/// namespace than the one made for it. It makes the process as its sibling (CLONE_PARENT), reports its pid and leaves.
struct OuterPlan {
    bool used = false;
    int go_fd = -1;               ///< one byte: its own id maps are written; -1: it makes no user namespace
    int go_write_fd = -1;
    std::span<const Join> before; ///< joined first: the user namespace in which `steps` are done
    std::span<const Step> steps;  ///< done in a mount namespace of its own; the root they mount is where the container begins
    std::span<const Join> joins;  ///< joined afterwards
    int flags = 0;                ///< CLONE_NEW* of the container's first process, but for its user namespace
    const char* uid_map = nullptr; ///< of the container's user namespace, in the ids of the one around it; null: it has the
                                   ///< one that the outer process is in after `joins`
    const char* gid_map = nullptr;
    const char* time_offsets = nullptr; ///< a time namespace is made, with this in its timens_offsets (time_namespaces(7))
};

/// Everything the child knows.
struct ChildPlan {
    int go_fd = -1;       ///< one byte: the id maps are written
    int go_write_fd = -1; ///< the inherited other end, closed first so that its end of file means the parent's death
    int report_fd = -1;   ///< ChildReport records; closed by a successful exec
    bool open_until_go = false; ///< single-id mode: the parent writes the maps itself, and may only to who is dumpable
    bool holds = false;   ///< wait once more before the program: for a byte on hold_fd
    int hold_fd = -1;
    int hold_write_fd = -1; ///< as go_write_fd
    int start_socket = -1;  ///< a listening socket: who connects and sends StartByte::go lets the program begin and gets the
                            ///< reports from then on. Until then the process outlives the parent, with all its privileges
    int console_fd = -1;  ///< a socket on which the pty's master is sent
    int join_pidfd = -1;  ///< exec: the container's first process
    int join_flags = 0;   ///< exec: CLONE_NEW* of the namespaces to join
    bool new_cgroup_namespace = false;
    std::uint32_t root_uid = 0; ///< who sets up the container: 0, or the first id there is where the map has no 0
    std::uint32_t root_gid = 0;
    OuterPlan outer;
    std::span<const Step> steps;
    int first_step = 0;         ///< number of steps[0] in reports; those of `outer` come before it
    ProcessPlan process;
};

/// What went wrong where; the parent owns the words.
enum class ChildStage : std::int32_t { handshake, join, namespaces, step, terminal, stdio, process, exec, started, held, paused, listening };

struct ChildReport {
    ChildStage stage;
    std::int32_t detail; ///< index of the step, or line of the process part; for `started` the pid an exec child was given
    std::int32_t error;  ///< errno; 0 for `started`, `held`, `paused` and `listening`, which comes with the listener (SCM_RIGHTS)
    std::uint32_t mounts = 0; ///< with `held` and the last `started`: inode number of the container's mount namespace (nsfs)
};

/// What is sent to a process that waits at its start_socket. `join`: that its namespaces can be joined from now on until `go`, or
/// until the connection ends; it sends the byte back when that is so.
enum class StartByte : char { go = 1, join = 2 };

/// The entry points are part of their types: a throwing one does not compile.
using ChildEntry = void (*)(const ChildPlan&) noexcept;

/// Life of a container's first process up to execve. Never returns.
[[noreturn]] void container_child(const ChildPlan& plan) noexcept;

/// Life of the outer process. Never returns.
[[noreturn]] void outer_child(const ChildPlan& plan) noexcept;

/// Life of the intermediate process of `exec`: joins the namespaces, makes the real process as a sibling (CLONE_PARENT),
/// reports its pid and leaves. Never returns.
[[noreturn]] void exec_child(const ChildPlan& plan) noexcept;

} // namespace rootless
