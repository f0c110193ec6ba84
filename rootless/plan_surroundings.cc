// The plan of a container that begins inside another user namespace or joins somebody else's; see rootless/surroundings.h.
#include "base/sys.h"
#include "rootless/plan.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace rootless {
namespace {

constexpr std::uint32_t terminal_group = 5; // tty's, in every distribution

bool has_id(const std::vector<oci::IdMapping>& mappings, std::uint32_t id) {
    return mappings.empty() || std::ranges::any_of(mappings, [&](const oci::IdMapping& m) {
               return id >= m.container_id && id - m.container_id < m.size;
           });
}

std::string ids_text(const std::vector<oci::IdMapping>& mappings) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> spans; // first id, one past the last
    for (const oci::IdMapping& m : mappings) spans.emplace_back(m.container_id, std::uint64_t{m.container_id} + m.size);
    std::ranges::sort(spans);
    std::string text;
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const std::uint64_t first = spans[i].first;
        while (i + 1 < spans.size() && spans[i + 1].first == spans[i].second) ++i;
        text += cat(text.empty() ? "" : ", ", first);
        if (spans[i].second - first > 1) text += cat("-", spans[i].second - 1);
    }
    return text;
}

void check_id(const char* kind, const std::vector<oci::IdMapping>& mappings, std::uint32_t id) {
    if (has_id(mappings, id)) return;
    const bool single = mappings.size() == 1 && mappings[0].size == 1;
    throw Error(kind, " ", id, " does not exist in the container: its id map has only ", ids_text(mappings),
                single ? "; subordinate ids in /etc/subuid and /etc/subgid make the others" : "");
}

/// Which id of the namespace around it a container's id is.
std::uint32_t outer_id(const std::vector<IdRange>& ranges, std::uint32_t inside) {
    const auto found = std::ranges::find_if(ranges, [&](const IdRange& r) { return inside >= r.inside && inside - r.inside < r.count; });
    return found == ranges.end() ? 0 : found->outside + (inside - found->inside);
}

} // namespace

void check_ids(const oci::Process& process, const oci::RuntimeSpec& spec) {
    check_id("user", spec.uid_mappings, process.user.uid);
    check_id("group", spec.gid_mappings, process.user.gid);
    for (const std::uint32_t gid : process.user.additional_gids) check_id("group", spec.gid_mappings, gid);
}

bool has_terminal_group(const oci::RuntimeSpec& spec) { return has_id(spec.gid_mappings, terminal_group); }

std::uint32_t root_id(const std::vector<oci::IdMapping>& mappings) {
    return has_id(mappings, 0) ? 0 : mappings.front().container_id;
}

/// Called when the steps up to the root's mount are there: they become the outer process's where it has to do them.
void ChildProgram::set_surroundings(const oci::RuntimeSpec& spec, const PlanExtras& extras) {
    const Surroundings& s = *extras.surroundings;
    plan_.root_uid = root_id(spec.uid_mappings);
    plan_.root_gid = root_id(spec.gid_mappings);
    plan_.outer.used = s.has_outer;
    fresh_outer_ = s.fresh;
    plan_.outer.before = s.before;
    plan_.outer.joins = s.joins;
    if (s.has_outer && s.new_user) {
        plan_.outer.uid_map = keep(map_text(s.nested.uids));
        plan_.outer.gid_map = keep(map_text(s.nested.gids));
    }
    if (!s.outer_mounts) return;
    add_upper_owner(spec, extras);
    outer_steps_ = std::move(steps_);
    outer_words_ = std::move(words_);
    steps_.clear();
    words_.clear();
    add({.kind = StepKind::private_mounts, .propagation = MS_PRIVATE | MS_REC}, "make the mounts private");
    add({.kind = StepKind::adopt_root}, "take over the root file system");
}

/// A time namespace is made by the outer process: only what it makes afterwards is in it.
void ChildProgram::set_time_offsets(const oci::RuntimeSpec& spec) {
    if (!spec.makes_namespace("time")) {
        if (!spec.time_offsets.empty()) throw Error("linux.timeOffsets: needs a new time namespace");
        return;
    }
    plan_.outer.used = true;
    std::string text;
    for (const oci::TimeOffset& offset : spec.time_offsets) text += cat(offset.clock, " ", offset.seconds, " ", offset.nanoseconds, "\n");
    plan_.outer.time_offsets = keep(text);
}

/// The container's root directory is its root's. Set once: later it is the container's own to change.
void ChildProgram::add_upper_owner(const oci::RuntimeSpec& spec, const PlanExtras& extras) {
    if (extras.root.layers.empty()) return;
    struct stat st {};
    if (::fstatat(extras.root.container_dir, "upper", &st, AT_SYMLINK_NOFOLLOW) != 0) throw SysError{errno, "upper directory"};
    if (st.st_uid != ::geteuid()) return;
    const std::uint32_t uid = outer_id(extras.surroundings->in_mounts.uids, root_id(spec.uid_mappings));
    const std::uint32_t gid = outer_id(extras.surroundings->in_mounts.gids, root_id(spec.gid_mappings));
    // Before the overlay is mounted, which is the last of the steps there are.
    steps_.insert(steps_.end() - 1, {.kind = StepKind::own, .source = "upper", .uid = uid, .gid = gid, .fd = extras.root.container_dir});
    words_.insert(words_.end() - 1, "give the root directory to the container's root");
}

/// A descriptor number that the outer process will fill.
int ChildProgram::reserve() { return reserved_.emplace_back(sys::open("/dev/null", O_RDONLY)).get(); }

void ChildProgram::add_outer(const Step& step, std::string words) {
    outer_steps_.push_back(step);
    outer_words_.push_back(std::move(words));
}

/// What the container's root may not reach any more: the outer process takes it along.
void ChildProgram::add_grabbed(Step grab, Step place, const std::string& words) {
    if (grab.kind == StepKind::mount_bind) grab.kind = StepKind::grab_tree;
    grab.fd = place.fd = reserve();
    place.source = grab.source;
    add_outer(grab, words);
    add(place, words);
}

/// What another user namespace owns cannot be mounted anew: it is shown as it is mounted elsewhere. False for everything else.
bool ChildProgram::add_foreign(const oci::Mount& mount, const PlanExtras& extras) {
    const Surroundings& s = *extras.surroundings;
    const auto tree = std::ranges::find(s.trees, mount.destination, &std::pair<std::string, UniqueFd>::first);
    if (tree != s.trees.end() && mount.type != "bind") {
        const MountOptions options = parse_mount_options(mount);
        add({.kind = StepKind::mount_tree, .fixed_path = is_kernel_path(mount.destination), .path = keep(mount.destination),
             .source = keep(mount.type), .attributes = options.attributes, .fd = tree->second.get()},
            cat("mount the shared ", mount.destination));
        return true;
    }
    const auto is_shut = [&](const char* type, int flag) { return mount.type == type && ((s.foreign | s.host) & flag) != 0; };
    if (is_shut("mqueue", CLONE_NEWIPC)) return true; // nothing to show
    if (mount.type == "proc" && (s.foreign & CLONE_NEWPID) != 0)
        throw Error("cannot show the processes of a pid namespace that another user namespace owns; use the same id map "
                    "(--userns=container:NAME or ns:PATH)");
    const bool proc = is_shut("proc", CLONE_NEWPID);
    if (!proc && !is_shut("sysfs", CLONE_NEWNET) && !is_shut("cgroup", CLONE_NEWCGROUP)) return false;
    const oci::Mount bind{mount.destination, "bind", mount.destination,
                          {"rbind", "nosuid", "noexec", "nodev", proc ? "rw" : "ro", "rprivate"}};
    add_bind(bind, parse_mount_options(bind), extras);
    return true;
}

void ChildProgram::number_steps() {
    plan_.outer.steps = outer_steps_;
    plan_.steps = steps_;
    plan_.first_step = static_cast<int>(outer_steps_.size());
    words_.insert(words_.begin(), outer_words_.begin(), outer_words_.end());
}

} // namespace rootless
