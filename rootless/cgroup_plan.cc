// The decision about a container's cgroup, made before the container exists: which manager, or why none will do.
#include "rootless/cgroup.h"
#include "rootless/cgroup_tree.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

namespace rootless {

using cgroup_tree::Hierarchies;
using cgroup_tree::join;

namespace {

/// A systemd that would make a scope for us.
struct Manager {
    std::string bus;       ///< its socket, without the host's root
    std::string directory; ///< its own cgroup
    std::string unit;      ///< what an administrator knows it as
};

constexpr const char* delegate_file = "/etc/systemd/system/user@.service.d/delegate.conf";

std::string options_of(const Limits& limits, const std::vector<std::string>& controllers) {
    std::vector<std::string> options;
    for (const std::string& controller : controllers) options.push_back(limits.option_of(controller));
    return join(options, " and ");
}

/// "controller cpu" or "controllers cpu, memory".
std::string named(const std::vector<std::string>& controllers) {
    return cat(controllers.size() == 1 ? "controller " : "controllers ", join(controllers, ", "));
}
/// The same, to be followed by what they are.
std::string named_are(const std::vector<std::string>& controllers) { return named(controllers) + (controllers.size() == 1 ? " is" : " are"); }

std::vector<std::string> missing_from(const std::string& file, const std::vector<std::string>& needed) {
    const std::vector<std::string> found = cgroup_tree::words(files::find(file).value_or(""));
    std::vector<std::string> missing;
    for (const std::string& controller : needed)
        if (std::find(found.begin(), found.end(), controller) == found.end()) missing.push_back(controller);
    return missing;
}

bool is_owned_by(const std::string& path, uid_t uid) {
    const auto found = sys::find_stat_at(AT_FDCWD, path);
    return found && (uid == 0 || found->st_uid == uid);
}

bool is_directory(const std::string& path) {
    const auto found = sys::find_stat_at(AT_FDCWD, path);
    return found && S_ISDIR(found->st_mode);
}

/// The first of the usual places where a bus of this user listens; su and sudo leave XDG_RUNTIME_DIR pointing at
/// somebody else's, hence the look at the owner.
std::optional<std::string> find_bus(const CgroupHost& host) {
    std::vector<std::string> candidates;
    if (host.uid == 0) {
        candidates = {"/run/dbus/system_bus_socket"};
    } else {
        if (!host.runtime_dir.empty()) candidates.push_back(host.runtime_dir + "/bus");
        candidates.push_back(cat("/run/user/", host.uid, "/bus"));
    }
    for (const std::string& candidate : candidates) {
        const auto found = sys::find_stat_at(AT_FDCWD, host.root + candidate);
        if (found && S_ISSOCK(found->st_mode) && found->st_uid == host.uid) return candidate;
    }
    return std::nullopt;
}

std::optional<Manager> find_manager(const CgroupHost& host, const Hierarchies& hierarchies) {
    const auto bus = find_bus(host);
    if (!bus) return std::nullopt;
    if (host.uid == 0) {
        if (!is_directory(host.root + "/run/systemd/system")) return std::nullopt;
        return Manager{*bus, hierarchies.unified, "systemd"};
    }
    const std::string unit = cat("user@", host.uid, ".service");
    std::string directory = cgroup_tree::up_to(hierarchies.own, unit);
    if (directory.empty()) directory = cat(hierarchies.unified, "/user.slice/user-", host.uid, ".slice/", unit);
    if (!is_directory(directory)) return std::nullopt;
    return Manager{*bus, directory, unit};
}

/// The cgroup below which ours can be made without systemd: our own or one above it, as long as they belong to us. One
/// that hands out the controllers already, or is free to, is better than one whose processes have to be moved first.
std::optional<std::string> find_owned_base(const CgroupHost& host, const Hierarchies& hierarchies,
                                           const std::vector<std::string>& needed) {
    std::optional<std::string> crowded;
    std::string directory = hierarchies.own;
    if (directory.ends_with(std::string("/") + cgroup_tree::monitor_leaf)) directory.resize(directory.rfind('/'));
    while (directory.size() >= hierarchies.unified.size() && is_owned_by(directory, host.uid) &&
           is_owned_by(directory + "/cgroup.procs", host.uid)) {
        if (missing_from(directory + "/cgroup.controllers", needed).empty()) {
            if (missing_from(directory + "/cgroup.subtree_control", needed).empty()) return directory;
            if (files::find(directory + "/cgroup.procs").value_or("").empty()) return directory;
            if (!crowded) crowded = directory;
        }
        directory.resize(directory.rfind('/'));
    }
    return crowded;
}

/// What no manager can help with: the kernel has the controller elsewhere or not at all.
void refuse_unavailable(const Hierarchies& hierarchies, const Limits& limits, const std::vector<std::string>& needed) {
    for (const std::string& controller : needed) {
        const auto v1 = hierarchies.v1.find(controller);
        if (v1 == hierarchies.v1.end()) continue;
        throw Error(limits.option_of(controller), " cannot be enforced: this host binds the controller ", controller,
                    " to cgroup v1", v1->second.empty() ? "" : cat(" (", v1->second, ")"),
                    ", which an ordinary user cannot use; boot it with systemd.unified_cgroup_hierarchy=1 on the kernel "
                    "command line, or run without ", limits.option_of(controller));
    }
    if (hierarchies.unified.empty() && !needed.empty())
        throw Error(options_of(limits, needed), " cannot be enforced: no cgroup v2 hierarchy is mounted on this host, so the ",
                    named(needed), " cannot be used; mount one on /sys/fs/cgroup, or run without ", options_of(limits, needed));
    if (hierarchies.unified.empty()) throw Error("no cgroup v2 hierarchy is mounted on this host, so the container cannot have a cgroup");
    const std::string top = hierarchies.unified + "/cgroup.controllers";
    if (const auto missing = missing_from(top, needed); !missing.empty())
        throw Error(options_of(limits, missing), " cannot be enforced: the ", named_are(missing), " missing from ", top,
                    "; check cgroup_disable= on the kernel command line, or run without ", options_of(limits, missing));
}

[[noreturn]] void refuse_undelegated(const std::optional<Manager>& manager, const CgroupHost& host,
                                     const Hierarchies& hierarchies, const Limits& limits, const std::vector<std::string>& needed) {
    if (needed.empty())
        throw Error("the container cannot have a cgroup of its own: there is neither a systemd of this user nor a cgroup that is "
                    "this user's; see docs/limits.md");
    if (manager) {
        const auto missing = missing_from(manager->directory + "/cgroup.controllers", needed);
        const auto has = files::find(manager->directory + "/cgroup.controllers").value_or("");
        throw Error(options_of(limits, missing), " cannot be enforced: the ", named_are(missing), " not delegated to ", manager->unit,
                    " (which has: ", join(cgroup_tree::words(has), " "), "); let an administrator write the lines "
                    "\"[Service]\" and \"Delegate=cpu cpuset io memory pids\" to ", delegate_file,
                    " and run \"systemctl daemon-reload\", then log out and in again, or run without ", options_of(limits, missing));
    }
    throw Error(options_of(limits, needed), " cannot be enforced: no systemd of this user can be reached (no socket /run/user/",
                host.uid, "/bus) and the own cgroup ", hierarchies.own, " is not this user's to hand out the ", named(needed),
                "; log in directly instead of by su or sudo, or let an administrator run \"loginctl enable-linger\" for this "
                "user with dbus-user-session installed, or run without ", options_of(limits, needed));
}

} // namespace

CgroupHost CgroupHost::detect(const Paths& paths) {
    const char* runtime_dir = std::getenv("XDG_RUNTIME_DIR");
    return {"", paths.uid, paths.user, runtime_dir != nullptr ? runtime_dir : ""};
}

namespace {

CgroupPlan systemd_plan(const CgroupRequest& request, const CgroupHost& host, const Manager& manager, CgroupPlan plan) {
    plan.manager = CgroupManager::systemd;
    plan.unit = cat("ctl-", request.container_id.substr(0, 12), ".scope");
    plan.bus = manager.bus;
    plan.leaf = "container";
    plan.slice = request.parent;
    plan.ends_at_logout = host.uid != 0 && !sys::find_stat_at(AT_FDCWD, host.root + "/var/lib/systemd/linger/" + host.user);
    return plan;
}

CgroupPlan cgroupfs_plan(const CgroupRequest& request, const std::string& base, CgroupPlan plan) {
    plan.manager = CgroupManager::cgroupfs;
    plan.base = base;
    plan.leaf = cat("ctl-", request.container_id.substr(0, 12));
    return plan;
}

/// A base that the user has named: it must be there, hers, and have the controllers.
void check_base(const CgroupHost& host, const std::string& base, const char* option, const Limits& limits,
                const std::vector<std::string>& needed) {
    if (!is_directory(base)) throw Error(option, ": there is no cgroup ", base);
    if (!is_owned_by(base, host.uid) || !is_owned_by(base + "/cgroup.procs", host.uid))
        throw Error(option, ": the cgroup ", base, " is not this user's; a systemd service has one with Delegate=yes");
    if (const auto missing = missing_from(base + "/cgroup.controllers", needed); !missing.empty())
        throw Error(options_of(limits, missing), " cannot be enforced: the ", named_are(missing), " missing from ", base);
}

/// --cgroups=split: the caller's own cgroup, or the one above where an earlier container has moved the caller to a leaf.
CgroupPlan split_plan(const CgroupRequest& request, const CgroupHost& host, std::string own, CgroupPlan plan) {
    if (own.ends_with(std::string("/") + cgroup_tree::monitor_leaf)) own.resize(own.rfind('/'));
    check_base(host, own, "--cgroups=split", request.limits, request.limits.controllers());
    plan = cgroupfs_plan(request, own, std::move(plan));
    plan.vacate = true;
    return plan;
}

bool allows(const CgroupRequest& request, CgroupManager manager) { return request.manager.value_or(manager) == manager; }

} // namespace

CgroupPlan prepare_cgroup(const CgroupRequest& request, const CgroupHost& host) {
    const std::vector<std::string> needed = request.limits.controllers();
    if (needed.empty() && request.limits.files.empty() && request.parent.empty() && request.mode == CgroupMode::when_limited) return {};
    const Hierarchies hierarchies = cgroup_tree::read_hierarchies(host.root);
    refuse_unavailable(hierarchies, request.limits, needed);

    CgroupPlan plan;
    plan.limits = request.limits;
    plan.description = request.description;
    plan.scope_helper = request.scope_helper;
    if (request.mode == CgroupMode::split) return split_plan(request, host, hierarchies.own, std::move(plan));
    const bool is_path = !request.parent.empty() && (request.parent.find('/') != request.parent.npos || !request.parent.ends_with(".slice"));
    if (is_path) {
        const std::string base = cat(hierarchies.unified, request.parent.starts_with('/') ? "" : "/", request.parent);
        check_base(host, base, "--cgroup-parent", request.limits, needed);
        return cgroupfs_plan(request, base, std::move(plan));
    }
    const auto manager = find_manager(host, hierarchies);
    if (manager && allows(request, CgroupManager::systemd) && missing_from(manager->directory + "/cgroup.controllers", needed).empty())
        return systemd_plan(request, host, *manager, std::move(plan));
    if (!request.parent.empty())
        throw Error("--cgroup-parent ", request.parent, ": a slice is systemd's, and no systemd of this user can be asked");
    const auto base = find_owned_base(host, hierarchies, needed);
    if (base && allows(request, CgroupManager::cgroupfs)) return cgroupfs_plan(request, *base, std::move(plan));
    refuse_undelegated(manager, host, hierarchies, request.limits, needed);
}

} // namespace rootless
