// From an OCI runtime-spec document to the plan the child interprets. Pure: needs no privilege and touches nothing but the
// metadata of bind sources, so tests compare plans as text.
#pragma once

#include "base/error.h"
#include "base/oci/runtime_spec.h"
#include "base/unique_fd.h"
#include "rootless/child.h"
#include "rootless/surroundings.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rootless {

/// Where the root file system comes from; the spec's root.path is where it is mounted.
struct RootFilesystem {
    std::vector<int> layers; ///< borrowed directories of the image's layers, topmost first; empty: a directory
    std::string directory;   ///< without layers: what is bound to root.path; empty: that itself
    std::vector<int> data_layers; ///< borrowed; where the files of id-shifted `layers` have their content (storage/shift.h)
    int container_dir = -1;  ///< borrowed; holds upper/ and work/
    /// borrowed; where our own overlay (ctl-fuse) waits for the device: it shows the root instead of the kernel's, or with data_layers the
    /// metadata below the kernel's (storage/fuse/pointers.cc)
    int device_socket = -1;
    bool is_volatile = false; ///< nothing of it must survive a power cut (`--rm`): overlay's "volatile"
};

/// What the plan needs to know and the spec has no place for.
struct PlanExtras {
    RootFilesystem root;
    std::map<std::string, int> device_sockets; ///< as RootFilesystem::device_socket, of mounts of type fuse_overlay_type, by destination
    std::map<std::size_t, int> trees; ///< borrowed: detached mounts that stand for spec mounts, by their number (idmapped_tree())
    bool single_id = false;         ///< setgroups is denied, only id 0 is mapped
    bool init = false;
    bool hold = false;              ///< the child waits before it becomes its program (proceed())
    int start_socket = -1;          ///< borrowed: a listening socket; the child waits for who connects to it (start_waiting())
    bool no_pivot = false;          ///< the root's mount is moved to / and changed to with chroot(2): pivot_root(2) refuses an initramfs
    bool pause = false;             ///< the child waits when everything is mounted, for hooks (launch())
    /// `ro` and its like on a bind hold for its topmost mount alone, as the specification says. `ctl run` has them hold for all
    /// that comes along.
    bool plain_attributes = false;
    /// The caller may do everything in its own user namespace, so that a container can do without one of its own.
    bool privileged = false;
    bool make_cwd = false;          ///< an image's WORKDIR is made where it is missing, a user's -w is not
    /// Run in the container's namespaces while the host's files are in sight, with all privileges over them: how its network is made.
    /// Zone C; 0 or an errno. What `network_plan` points to must outlive the program.
    int (*make_network)(const void*) noexcept = nullptr;
    const void* network_plan = nullptr;
    const char* loopback_address = nullptr; ///< added to lo of a new network namespace
    std::uint16_t rows = 0;
    std::uint16_t columns = 0;
    int stdio[3] = {-1, -1, -1};
    std::vector<std::pair<std::string, std::string>> appended; ///< file of the image, text to add to it
    bool keep_groups = false;       ///< the caller's supplementary groups stay, although the container has no names for them
    bool new_keyring = true;
    std::string personality;        ///< exec: the container's (linux.personality.domain)
    std::vector<int> preserved_fds; ///< borrowed; stay open in the program
    std::string program;            ///< exec: what is executed instead of args[0]; empty: that
    unsigned seccomp_flags = 0;     ///< of linux.seccomp.flags (seccomp_filter_flags())
    std::span<const sock_filter> seccomp; ///< the compiled linux.seccomp; must outlive the program
    const Surroundings* surroundings = nullptr; ///< null: nothing is joined, one clone makes everything
};

/// Whether a mount shows other ids than its file system has, and for how much of it.
enum class IdMapped { none, topmost, recursive };

/// What the options of one spec mount mean.
struct MountOptions {
    std::uint64_t attributes = 0;  ///< MOUNT_ATTR_*
    std::uint64_t recursive_attributes = 0; ///< those among them that were asked for what is mounted below as well ("rro")
    std::uint64_t cleared = 0;     ///< those that were asked to be off ("rw")
    std::uint64_t propagation = 0; ///< MS_*
    bool remount = false;          ///< what is mounted there is changed
    bool copy_up = false;          ///< "tmpcopyup"
    bool recursive = true;         ///< not "bind"
    bool optional = false;         ///< "nofail"
    bool copy_symlink = false;     ///< "copy-symlink": a source that is a link is made anew, not followed
    IdMapped id_map = IdMapped::none; ///< "idmap", "ridmap"
    std::string subdirectory;      ///< "X-mount.subdir=": the part of the source that is mounted
    std::vector<std::pair<std::string, std::string>> data; ///< for the file system; a flag has an empty value
};
/// Throws Error for options that a user namespace cannot have.
MountOptions parse_mount_options(const oci::Mount& mount);

/// A plan and everything it points to.
class ChildProgram {
public:
    /// The whole life of a container's first process. Throws Error naming the field that cannot be honoured.
    ChildProgram(const oci::RuntimeSpec& spec, const PlanExtras& extras);
    /// The part up to the mounted root file system, after which the process waits (launch_stage()).
    struct Stage {};
    ChildProgram(Stage stage, const oci::RuntimeSpec& spec, const PlanExtras& extras);
    /// Only the process part, for exec into a running container.
    ChildProgram(const oci::Process& process, const PlanExtras& extras);

    ChildPlan& plan() noexcept { return plan_; }
    const ChildPlan& plan() const noexcept { return plan_; }
    /// Whether the plan's outer process makes a user namespace whose maps are still to be written.
    bool has_fresh_outer() const noexcept { return fresh_outer_; }

    /// Who gets the listener of a seccomp filter with SCMP_ACT_NOTIFY, with the process that has it, before its program begins. The
    /// pid is 0 where the launch does not know it (start_waiting).
    using OnListener = std::function<void(pid_t, UniqueFd)>;
    void on_listener(OnListener action) { on_listener_ = std::move(action); }
    void give_listener(pid_t pid, UniqueFd listener) const;
    bool has_listener() const noexcept;

    /// The words for what a child has reported, with the exit code of podman-run(1): 126, 127 or 125.
    Error explain(const ChildReport& report) const;
    /// One line a step, for tests and debugging.
    std::string to_text() const;

private:
    void set_surroundings(const oci::RuntimeSpec& spec, const PlanExtras& extras);
    void add_upper_owner(const oci::RuntimeSpec& spec, const PlanExtras& extras);
    bool add_foreign(const oci::Mount& mount, const PlanExtras& extras);
    void add_grabbed(Step grab, Step place, const std::string& words);
    void add_outer(const Step& step, std::string words);
    void number_steps();
    std::string hint_at(std::size_t index, int error) const;
    void add_root(const oci::RuntimeSpec& spec, const RootFilesystem& root);
    void add_reopen(int fd, bool outer = false);
    void add_propagation(const std::string& wanted);
    void add_mount(const oci::Mount& mount, const PlanExtras& extras);
    void add_tree(const oci::Mount& mount, int tree);
    void add_remount(const oci::Mount& mount);
    void add_bind(const oci::Mount& mount, const MountOptions& options, const PlanExtras& extras);
    void add_overlay(const oci::Mount& mount, const MountOptions& options, const PlanExtras& extras);
    void add_source(Step step, const oci::Mount& mount, const MountOptions& options, const PlanExtras& extras, const std::string& words);
    int reserve();
    void add_devices();
    void add_path_protection(const oci::RuntimeSpec& spec);
    void add_kernel_settings(const oci::RuntimeSpec& spec, const PlanExtras& extras);
    void set_process(const oci::Process& process, const PlanExtras& extras, bool is_exec);
    void set_scheduling(const oci::Process& process, bool is_exec);
    void set_label(const oci::Process& process);
    void set_personality(const std::string& domain);
    void add_wanted_devices(const oci::RuntimeSpec& spec);
    void set_time_offsets(const oci::RuntimeSpec& spec);
    void set_candidates(const oci::Process& process, const std::string& program);
    void add(const Step& step, std::string words);
    const char* keep(std::string text);
    const char* const* keep_pointers(const std::vector<std::string>& texts);

    ChildPlan plan_;
    OnListener on_listener_;
    std::deque<std::string> texts_;                  ///< stable addresses
    std::deque<std::vector<const char*>> pointers_;  ///< null-terminated
    std::deque<std::vector<FsOption>> options_;
    std::vector<UniqueFd> directories_;              ///< of overlay mounts, until the child has opened them anew
    std::vector<Step> steps_;
    std::vector<std::string> words_;                 ///< what each step is, for error messages
    std::vector<Step> outer_steps_;
    std::vector<std::string> outer_words_;           ///< come before words_ in a report's numbers
    std::vector<UniqueFd> reserved_;                 ///< numbers that the outer process fills
    bool fresh_outer_ = false;
    bool has_terminal_group_ = true;                 ///< devpts(5)'s gid=5 can be had
    std::vector<gid_t> groups_;
    std::vector<int> preserved_;
    std::vector<ResourceLimit> limits_;
    SchedulerAttributes scheduler_;
    CpuMask initial_cpus_{};
    CpuMask final_cpus_{};
    bool readonly_dev_ = false;
    bool has_dev_ = false;                           ///< the host's is bound, or ours has its devices already
    std::string command_;
    std::string cwd_;
    std::string mount_label_;
    bool joins_mounts_ = false;                      ///< sources are what the joined mount namespace has there
};

/// Below /proc, /sys and /dev no symbolic link may stand in for a directory: what is mounted there is trusted by its place.
bool is_kernel_path(const std::string& path);
/// Throws Error naming the user or group of `process` that the maps do not have.
void check_ids(const oci::Process& process, const oci::RuntimeSpec& spec);
/// Names in any of the sets that this kernel does not have. They are left out of the plan (config.md: a warning, no error).
std::vector<std::string> unknown_capabilities(const oci::Capabilities& caps);
bool has_terminal_group(const oci::RuntimeSpec& spec);
/// The container's id that sets it up: 0, or the first one where there is no 0.
std::uint32_t root_id(const std::vector<oci::IdMapping>& mappings);

} // namespace rootless
