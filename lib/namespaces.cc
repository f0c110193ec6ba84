// Namespaces shared between containers; see lib/namespaces.h.
#include "lib/namespaces.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/join_target.h"
#include "lib/network_option.h"

#include <linux/magic.h>
#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <sstream>

namespace lib {
namespace {

constexpr long mqueue_magic = 0x19800202; // MQUEUE_MAGIC of the kernel's ipc/mqueue.c, in no header

void check_options(const CreateRequest& request, const NamespaceModes& modes) {
    const NamespaceMode& network = modes.at("network");
    if (!request.publish.empty() && network.word != "default")
        throw Error("-p: ports cannot be published with --network=", network.word,
                    network.kind == NamespaceKind::container ? "; publish them on that container" : "");
    const NamespaceMode& uts = modes.at("uts");
    if (request.hostname && uts.kind != NamespaceKind::own)
        throw Error("--hostname: the name cannot be set with --uts=", uts.word, ", it belongs to others");
    const NamespaceMode& pid = modes.at("pid");
    if (request.init && pid.kind != NamespaceKind::own)
        throw Error("--init: with --pid=", pid.word, " there is another process 1 already");
}

/// As the entry calls it, for errors.
std::string words_for(const oci::Namespace& entry, const std::string& container) {
    return cat("the ", entry.type, " namespace ", container.empty() ? entry.path : "of container " + container);
}

/// A running container whose namespaces are wanted.
struct Donor {
    std::string id;
    std::string name;
    JoinTarget target;
};

Donor find_donor(const Engine& engine, const std::string& id, const std::string& type) {
    const auto dir = ContainerDir::find(engine, id);
    if (!dir) throw Error("container ", id.substr(0, 12), ", whose ", type, " namespace is to be shared, has been removed");
    const ContainerRecord record = dir->load_record();
    const ContainerState state = dir->load_state();
    if (state.status == "initialized" || !find_container_process(state))
        throw Error("container ", record.name, ", whose ", type, " namespace is to be shared, is not running: start it first (ctl start ",
                    record.name, ")");
    return {id, record.name, find_join_target(record, state)};
}

/// Opens a namespace of the donor by what the kernel says in /proc, never by anything its image could have put somewhere.
rootless::OpenNamespace open_of(const Donor& donor, const oci::Namespace& entry, int flag) {
    rootless::OpenNamespace found = rootless::open_namespace(
        cat("/proc/", donor.target.pid, "/ns/", rootless::namespace_file(flag)), flag, words_for(entry, donor.name));
    // Still the process that the pidfd means: the number was not given to another one in between.
    if (sys::wait_readable(donor.target.process.get(), std::chrono::milliseconds(0))) throw Error("container ", donor.name, " has just ended");
    return found;
}

/// What the joined container shows of a namespace by mounts: taken over from it, since it cannot be mounted anew.
void add_trees(rootless::Surroundings& s, const Donor& donor, int flag) {
    const auto add = [&](const char* path, long magic) {
        UniqueFd tree = rootless::copy_mount(donor.target.process.get(), path, magic);
        if (tree) s.trees.emplace_back(path, std::move(tree));
    };
    if (flag == CLONE_NEWIPC) {
        add("/dev/shm", TMPFS_MAGIC);
        add("/dev/mqueue", mqueue_magic);
    }
    if (flag == CLONE_NEWPID && (s.foreign & CLONE_NEWPID) != 0) add("/proc", PROC_SUPER_MAGIC);
    if (flag == CLONE_NEWNET && (s.foreign & CLONE_NEWNET) != 0) add("/sys", SYSFS_MAGIC);
}

} // namespace

NamespaceModes choose_namespaces(const Engine& engine, const CreateRequest& request) {
    NamespaceModes modes{{"pid", parse_namespace_mode("pid", request.pid)},
                         {"ipc", parse_namespace_mode("ipc", request.ipc)},
                         {"uts", parse_namespace_mode("uts", request.uts)},
                         {"cgroup", parse_namespace_mode("cgroupns", request.cgroupns)},
                         {"network", parse_namespace_mode("network", parse_network_option(request.network).mode)}};
    check_options(request, modes);
    for (auto& [type, mode] : modes) {
        if (mode.kind != NamespaceKind::container) continue;
        const ContainerDir other = ContainerDir::open(engine, mode.target);
        const auto theirs = other.load_record().namespaces;
        const auto ipc = theirs.find("ipc");
        if (type == "ipc" && ipc != theirs.end() && (ipc->second == "private" || ipc->second == "none"))
            throw Error("--ipc=", mode.word, ": that container was made with --ipc=", ipc->second, ", which is not to be shared; "
                        "make it with --ipc=shareable");
        mode.target = other.id();
        mode.word = "container:" + other.id();
    }
    return modes;
}

rootless::IdMaps maps_of(const oci::RuntimeSpec& spec) {
    rootless::IdMaps maps;
    for (const oci::IdMapping& m : spec.uid_mappings) maps.uids.push_back({m.container_id, m.host_id, m.size});
    for (const oci::IdMapping& m : spec.gid_mappings) maps.gids.push_back({m.container_id, m.host_id, m.size});
    return maps;
}

rootless::Surroundings open_surroundings(const Engine& engine, const oci::RuntimeSpec& spec, int mounts_in) {
    std::vector<rootless::OpenNamespace> joined;
    std::vector<std::pair<int, Donor>> donors;
    int host = 0;
    for (const oci::Namespace& entry : spec.namespaces) {
        if (entry.path.empty()) continue;
        const int flag = rootless::namespace_flag(entry.type);
        const std::string id = named_container(entry);
        std::optional<rootless::OpenNamespace> found;
        if (id.empty()) {
            found = rootless::open_namespace(entry.path, flag, words_for(entry, ""));
        } else {
            Donor donor = find_donor(engine, id, entry.type);
            found = open_of(donor, entry, flag);
            donors.emplace_back(flag, std::move(donor));
        }
        if (rootless::is_own_namespace(*found)) host |= flag;
        else joined.push_back(std::move(*found));
    }
    rootless::Surroundings s = rootless::find_surroundings(maps_of(spec), engine.maps, std::move(joined), mounts_in);
    s.host = host;
    for (const auto& [flag, donor] : donors) add_trees(s, donor, flag);
    return s;
}

oci::RuntimeSpec without_own_namespaces(oci::RuntimeSpec spec, pid_t target) {
    std::erase_if(spec.namespaces, [&](const oci::Namespace& entry) {
        if (entry.path.empty()) return false;
        const int flag = rootless::namespace_flag(entry.type);
        return rootless::is_own_namespace(
            rootless::open_namespace(cat("/proc/", target, "/ns/", rootless::namespace_file(flag)), flag, words_for(entry, "")));
    });
    return spec;
}

} // namespace lib
