// linux.cgroupsPath of a runtime-spec document: the cgroup that another engine has chosen; see rootless/cgroup.h.
#include "rootless/cgroup.h"
#include "rootless/cgroup_tree.h"

#include "base/error.h"
#include "base/sys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace rootless {
namespace {

/// Where the systemd that is asked listens: the user's, also from inside of a user namespace whose root we are.
std::string find_bus(const CgroupHost& host) {
    std::string bus = host.runtime_dir.empty() ? "" : host.runtime_dir + "/bus";
    if (!bus.empty() && sys::find_stat_at(AT_FDCWD, bus)) return bus;
    if (host.uid == 0) bus = "/run/dbus/system_bus_socket";
    if (!bus.empty() && sys::find_stat_at(AT_FDCWD, bus)) return bus;
    throw Error("no systemd can be asked for a cgroup: there is no bus at ", bus.empty() ? "$XDG_RUNTIME_DIR/bus" : bus,
                "; use --cgroup-manager=cgroupfs");
}

/// "SLICE:PREFIX:NAME": the scope PREFIX-NAME.scope in that slice.
void name_scope(CgroupPlan& plan, const std::string& path, const CgroupRequest& request) {
    plan.unit = cat("ctl-oci-", request.container_id, ".scope");
    if (path.empty()) return;
    const auto first = path.find(':'), second = first == path.npos ? first : path.find(':', first + 1);
    if (second == path.npos || path.find(':', second + 1) != path.npos)
        throw Error("linux.cgroupsPath: \"", path, "\" is not of the form SLICE:PREFIX:NAME that the systemd manager needs");
    plan.slice = path.substr(0, first);
    const std::string prefix = path.substr(first + 1, second - first - 1), name = path.substr(second + 1);
    if (name.empty()) throw Error("linux.cgroupsPath: \"", path, "\" has no name behind the second colon");
    if (name.ends_with(".slice")) throw Error("linux.cgroupsPath: a container cannot be a slice: ", name);
    plan.unit = prefix.empty() ? cat(name, ".scope") : cat(prefix, "-", name, ".scope");
}

/// ".." would lead elsewhere than the text says.
void check_path(const std::string& path) {
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (path.substr(start, end - start) == "..") throw Error("linux.cgroupsPath: \"", path, "\" must not contain \"..\"");
        start = end + 1;
    }
}

/// Below the caller's own cgroup, where that can be; otherwise none.
CgroupPlan own_plan(const CgroupRequest& request, const CgroupHost& host) {
    CgroupPlan plan;
    try {
        plan = prepare_cgroup(request, host);
        // To the root of a user namespace the cgroup of the root of the machine looks like hers.
        if (::access(plan.base.c_str(), W_OK) != 0) throw Error("the cgroup ", plan.base, " is not the caller's to divide");
    } catch (const Error&) {
        if (!request.limits.controllers().empty()) throw;
        return {};
    }
    plan.leaf = cat("ctl-oci-", request.container_id, "-", sys::random_hex(4)); // below another --root the id may be taken, too
    return plan;
}

} // namespace

CgroupPlan plan_cgroup_path(const std::string& cgroups_path, CgroupManager manager, const CgroupRequest& request, const CgroupHost& host) {
    CgroupPlan plan;
    if (manager == CgroupManager::none) {
        if (const auto needed = request.limits.controllers(); !needed.empty())
            throw Error("linux.resources: the controller ", needed.front(), " is needed, but --cgroup-manager=disabled makes no cgroup");
        return plan;
    }
    plan.limits = request.limits;
    plan.description = request.description;
    plan.scope_helper = request.scope_helper;
    if (manager == CgroupManager::systemd) {
        name_scope(plan, cgroups_path, request);
        plan.manager = manager;
        plan.bus = find_bus(host);
        plan.leaf = "container";
    } else if (cgroups_path.empty()) {
        CgroupRequest own = request;
        own.mode = CgroupMode::own;
        own.manager = CgroupManager::cgroupfs;
        plan = own_plan(own, host);
    } else {
        check_path(cgroups_path);
        const cgroup_tree::Hierarchies tree = cgroup_tree::read_hierarchies(host.root);
        if (tree.unified.empty()) throw Error("linux.cgroupsPath: no cgroup v2 hierarchy is mounted on this host");
        std::string path = cgroups_path.starts_with('/') ? tree.unified + cgroups_path : cat(tree.own, "/", cgroups_path);
        for (auto twice = path.find("//"); twice != path.npos; twice = path.find("//")) path.erase(twice, 1);
        while (path.ends_with('/')) path.pop_back();
        const auto slash = path.rfind('/');
        if (slash < tree.unified.size()) throw Error("linux.cgroupsPath: \"", cgroups_path, "\" names no cgroup of its own");
        plan.manager = manager;
        plan.base = path.substr(0, slash);
        plan.leaf = path.substr(slash + 1);
    }
    plan.alone = true;
    return plan;
}

} // namespace rootless
