// See lib/runtime/places.h.
#include "lib/runtime/places.h"

#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "lib/limits.h"
#include "lib/seccomp_agent.h"
#include "rootless/device_filter.h"
#include "rootless/seccomp.h"

#include <nlohmann/json.hpp>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace lib::runtime {
namespace {

/// Joined or left alone: what the container's root cannot have mounted anew when it is not the owner.
int shared_flags(const oci::RuntimeSpec& spec) {
    int flags = 0;
    for (const char* type : {"network", "pid", "ipc", "cgroup"})
        if (!spec.makes_namespace(type)) flags |= rootless::namespace_flag(type);
    return flags;
}

/// Everything is the caller's own to join: its processes go there and then make the rest.
rootless::Surroundings join_as_root(const oci::RuntimeSpec& spec, const rootless::IdMaps& maps, std::vector<rootless::OpenNamespace> joined) {
    rootless::Surroundings s;
    s.new_user = spec.makes_namespace("user");
    s.has_outer = s.new_user || !joined.empty() || spec.makes_namespace("time");
    if (s.new_user) { // its root may not reach what we can: what is bound is taken along
        s.outer_mounts = true;
        s.nested = s.in_mounts = maps;
        s.host = shared_flags(spec);
    }
    for (rootless::OpenNamespace& n : joined) {
        s.joins.push_back({n.fd.get(), n.flag});
        s.opened.push_back(std::move(n.fd));
    }
    return s;
}

/// What `crun spec --rootless` takes for granted: the user is root, and her subordinate ids follow.
rootless::IdMaps usual_maps() {
    const Paths paths = Paths::detect();
    try {
        return rootless::load_id_maps(paths, rootless::IdPolicy::subordinate);
    } catch (const Error&) {
        return rootless::load_id_maps(paths, rootless::IdPolicy::single);
    }
}

/// An ordinary user's process can do nothing before it is in its user namespace.
rootless::Surroundings enter_first(const oci::RuntimeSpec& spec) {
    rootless::Surroundings s;
    s.has_outer = s.fresh = spec.makes_namespace("time");
    s.new_user = !s.fresh;
    s.host = shared_flags(spec);
    return s;
}

} // namespace

bool is_privileged() { return ::geteuid() == 0; }

bool is_machine_root() {
    return ::geteuid() == 0 && files::read("/proc/self/uid_map").find("4294967295") != std::string::npos;
}

rootless::Limits limits_of_document(const oci::Resources& resources) {
    rootless::Limits limits = limits_of(resources);
    limits.memory_swap = resources.memory_swap;
    if (limits.pids == 0) limits.pids.reset();
    return limits;
}

void filter_devices(const rootless::CgroupPlan& cgroup, const oci::Resources& resources) {
    if (!rootless::denies_devices(resources.devices) || cgroup.base.empty() || !is_machine_root()) return;
    try {
        const UniqueFd directory = files::open_dir(cgroup.directory());
        rootless::attach_device_filter(directory.get(), rootless::compile_device_filter(resources.devices));
    } catch (Error& e) {
        e.add_context("linux.resources.devices");
        throw;
    }
}

rootless::IdMaps maps_of_document(const oci::RuntimeSpec& spec) {
    if (!spec.makes_namespace("user")) {
        if (!spec.uid_mappings.empty() && !spec.has_namespace("user"))
            throw Error("linux.uidMappings: there is no user namespace in linux.namespaces for them");
        return {};
    }
    if (spec.uid_mappings.empty() && spec.gid_mappings.empty() && !is_privileged()) return usual_maps();
    if (spec.uid_mappings.empty() || spec.gid_mappings.empty())
        throw Error("linux.", spec.uid_mappings.empty() ? "uidMappings" : "gidMappings", ": missing, and the user namespace needs a map");
    rootless::IdMaps maps;
    for (const oci::IdMapping& m : spec.uid_mappings) maps.uids.push_back({m.container_id, m.host_id, m.size});
    for (const oci::IdMapping& m : spec.gid_mappings) maps.gids.push_back({m.container_id, m.host_id, m.size});
    return maps;
}

namespace {

rootless::OpenNamespace open_joined(const oci::Namespace& n, int flag) {
    try {
        return rootless::open_namespace(n.path, flag, cat("the ", n.type, " namespace ", n.path));
    } catch (Error& e) {
        e.add_context("linux.namespaces");
        throw;
    }
}

/// What is to be joined of others. What is the caller's own is left out of the document.
std::vector<rootless::OpenNamespace> take_joined(oci::RuntimeSpec& spec) {
    std::vector<rootless::OpenNamespace> joined;
    for (const oci::Namespace& n : spec.namespaces) {
        const int flag = rootless::namespace_flag(n.type);
        if (flag == 0) throw Error("linux.namespaces: unknown type \"", n.type, "\"");
        if (!n.path.empty()) joined.push_back(open_joined(n, flag));
    }
    const auto is_own = [&](const rootless::OpenNamespace& found) { return rootless::is_own_namespace(found); };
    for (const rootless::OpenNamespace& n : joined)
        if (is_own(n)) std::erase_if(spec.namespaces, [&](const oci::Namespace& s) { return rootless::namespace_flag(s.type) == n.flag; });
    std::erase_if(joined, is_own);
    return joined;
}

} // namespace

void drop_own_namespaces(oci::RuntimeSpec& spec) {
    std::erase_if(spec.namespaces, [](const oci::Namespace& n) {
        if (n.path.empty()) return false;
        try {
            return rootless::is_own_namespace(rootless::open_namespace(n.path, rootless::namespace_flag(n.type), n.type));
        } catch (const Error&) {
            return false; // its path is gone, the container is still in it
        }
    });
}

std::vector<sock_filter> seccomp_of_document(const oci::RuntimeSpec& spec) {
    return spec.seccomp ? rootless::compile_seccomp(*spec.seccomp) : std::vector<sock_filter>{};
}

namespace {

/// Whether the user namespace that the container's processes are in has setgroups(2) shut (user_namespaces(7)).
bool denies_groups(const oci::RuntimeSpec& spec, pid_t container) {
    const auto is_shut = [](const std::string& process) { return files::find(cat("/proc/", process, "/setgroups")).value_or("").starts_with("deny"); };
    if (is_shut("self")) return true;
    const auto user = std::ranges::find(spec.namespaces, "user", &oci::Namespace::type);
    if (user == spec.namespaces.end() || user->path.empty()) return false;
    return container > 0 ? is_shut(std::to_string(container)) : rootless::denies_groups(open_joined(*user, CLONE_NEWUSER));
}

} // namespace

void restrict_as(const oci::RuntimeSpec& spec, std::span<const sock_filter> seccomp, pid_t container, rootless::PlanExtras& extras) {
    extras.keep_groups = denies_groups(spec, container);
    extras.single_id = !is_privileged() && maps_of_document(spec).is_single();
    extras.seccomp = seccomp;
    if (spec.seccomp) extras.seccomp_flags = rootless::seccomp_filter_flags(*spec.seccomp);
}

void pass_listener(rootless::ChildProgram& program, const oci::RuntimeSpec& spec, const State& state) {
    if (!program.has_listener()) return;
    program.on_listener([&spec, &state](pid_t pid, const UniqueFd& listener) {
        tell_seccomp_agent(*spec.seccomp, pid == 0 ? state.pid : pid, state_json(state, pid == 0 ? Status::created : Status::running), listener);
    });
}

void set_root_ids(rootless::ChildProgram& program, const oci::RuntimeSpec& spec) {
    program.plan().root_uid = rootless::root_id(spec.uid_mappings);
    program.plan().root_gid = rootless::root_id(spec.gid_mappings);
}

rootless::Surroundings surroundings_of_document(oci::RuntimeSpec& spec, const rootless::IdMaps& maps) {
    std::vector<rootless::OpenNamespace> joined = take_joined(spec);
    if (is_privileged()) return join_as_root(spec, maps, std::move(joined));
    if (joined.empty()) return enter_first(spec);
    const auto user = std::ranges::find(joined, CLONE_NEWUSER, &rootless::OpenNamespace::flag);
    const rootless::IdMaps inside = user == joined.end() ? maps : rootless::read_id_maps(*user);
    return rootless::find_surroundings(inside, inside, std::move(joined));
}

int own_namespaces(const oci::RuntimeSpec& spec) {
    int flags = 0;
    for (const oci::Namespace& n : spec.namespaces) flags |= rootless::namespace_flag(n.type);
    return flags;
}

} // namespace lib::runtime
