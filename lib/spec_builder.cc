// The default container and what the options make of it; see lib/spec_builder.h. Defaults are Podman 5.4's but for what
// docs/decisions.md lists.
#include "lib/spec_builder.h"

#include "base/error.h"
#include "base/files.h"
#include "lib/env_file.h"
#include "lib/seccomp_default.h"
#include "lib/seccomp_profile.h"
#include "rootless/caps.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace lib {
namespace {

constexpr const char* default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const std::vector<std::string> masked_paths{
    "/proc/acpi",       "/proc/asound",     "/proc/interrupts",  "/proc/kcore",
    "/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
    "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    "/sys/fs/selinux"};
const std::vector<std::string> readonly_paths{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

/// What --security-opt says.
struct SecurityOptions {
    bool no_new_privileges = false;
    std::string seccomp; ///< empty: the default; "unconfined"; or a file
};

SecurityOptions read_security_options(const std::vector<std::string>& options) {
    SecurityOptions result;
    for (const std::string& option : options) {
        if (option == "no-new-privileges" || option == "no-new-privileges:true" || option == "no-new-privileges=true")
            result.no_new_privileges = true;
        else if (option == "no-new-privileges:false" || option == "no-new-privileges=false")
            result.no_new_privileges = false;
        else if (option.size() > 8 && (option.starts_with("seccomp=") || option.starts_with("seccomp:")))
            result.seccomp = option.substr(8);
        else
            throw Error("--security-opt ", option, ": not supported yet; known are no-new-privileges and seccomp=FILE|unconfined");
    }
    return result;
}

rootless::CapMask allowed_caps(const CreateRequest& request) {
    const auto defaults = request.privileged ? rootless::all_caps() : rootless::default_caps();
    return rootless::combine_caps(defaults, request.cap_add, request.cap_drop);
}

oci::Capabilities capabilities(const CreateRequest& request, std::uint32_t uid) {
    const rootless::CapSets sets = rootless::process_caps(allowed_caps(request), request.cap_add, uid);
    return {rootless::capability_names(sets.bounding), rootless::capability_names(sets.effective),
            rootless::capability_names(sets.inheritable), rootless::capability_names(sets.permitted),
            rootless::capability_names(sets.ambient)};
}

std::optional<oci::Seccomp> seccomp(const CreateRequest& request, const SecurityOptions& security) {
    if (security.seccomp == "unconfined" || (security.seccomp.empty() && request.privileged)) return std::nullopt;
    const auto caps = allowed_caps(request);
    if (security.seccomp.empty()) return default_seccomp(caps);
    try {
        return parse_seccomp_profile(files::read(security.seccomp), native_seccomp_target(caps));
    } catch (Error& e) {
        e.add_context("--security-opt seccomp=" + security.seccomp);
        throw;
    }
}

std::vector<std::string> environment(const SpecInput& input) {
    std::vector<std::string> mine;
    for (char** variable = environ; *variable != nullptr; ++variable) mine.emplace_back(*variable);
    const Environment host = parse_environment(mine);
    Environment result = parse_environment({default_path, cat("HOSTNAME=", input.hostname), cat("HOME=", input.user.home)});
    if (input.request.tty) result["TERM"] = "xterm";
    for (const auto& [key, value] : parse_environment(input.image.env)) result[key] = value;
    for (const std::string& file : input.request.env_files) {
        std::string text;
        try {
            text = files::read(file);
        } catch (Error& e) {
            e.add_context("--env-file");
            throw;
        }
        apply_env_file(result, text, file, host);
    }
    for (const std::string& option : input.request.env) apply_env_option(result, option, host);
    return environment_strings(result);
}

/// The caller's hard limit is the most an ordinary user can have.
oci::Rlimit clamped(const char* type, decltype(RLIMIT_NOFILE) resource, std::uint64_t wanted) {
    struct rlimit own {};
    ::getrlimit(resource, &own);
    const std::uint64_t most = std::min<std::uint64_t>(wanted, own.rlim_max);
    return {type, most, most};
}

oci::Process process(const SpecInput& input, const SecurityOptions& security) {
    oci::Process process;
    process.terminal = input.request.tty;
    process.user.uid = input.user.uid;
    process.user.gid = input.user.gid;
    process.user.umask = 0022;
    process.user.additional_gids = input.user.groups;
    const CommandLine words = command_line(input.request, input.image);
    process.args = words.entrypoint;
    process.args.insert(process.args.end(), words.command.begin(), words.command.end());
    process.env = environment(input);
    process.cwd = input.request.workdir.value_or(input.image.working_dir.empty() ? "/" : input.image.working_dir);
    if (!process.cwd.starts_with('/')) throw Error("working directory \"", process.cwd, "\" is not an absolute path");
    process.capabilities = capabilities(input.request, input.user.uid);
    struct rlimit core {};
    ::getrlimit(RLIMIT_CORE, &core);
    process.rlimits = {clamped("RLIMIT_NOFILE", RLIMIT_NOFILE, 1048576), clamped("RLIMIT_NPROC", RLIMIT_NPROC, 1048576),
                       {"RLIMIT_CORE", 0, core.rlim_max}};
    process.no_new_privileges = security.no_new_privileges;
    return process;
}

const NamespaceMode& mode_of(const SpecInput& input, const char* type) {
    static const NamespaceMode own;
    const auto found = input.namespaces.find(type);
    return found == input.namespaces.end() ? own : found->second;
}

/// A file system that only the owner of the namespace behind it may mount anew: another's is shown as it is mounted there.
oci::Mount kernel_mount(const SpecInput& input, const char* namespace_type, oci::Mount own, const std::string& access) {
    if (mode_of(input, namespace_type).kind != NamespaceKind::host) return own;
    return {own.destination, "bind", own.destination, {"rbind", "nosuid", "noexec", "nodev", access, "rprivate"}};
}

void add_ipc_mounts(const SpecInput& input, std::vector<oci::Mount>& mounts) {
    const NamespaceMode& ipc = mode_of(input, "ipc");
    const oci::Mount queues{"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}};
    // A host without message queues has nothing to show.
    if (ipc.kind != NamespaceKind::host || ::access("/dev/mqueue", X_OK) == 0) mounts.push_back(kernel_mount(input, "ipc", queues, "rw"));
    if (ipc.word == "none") return;
    mounts.push_back(kernel_mount(input, "ipc", {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}}, "rw"));
}

/// hosts, hostname and resolv.conf: the container's own; of the network's owner where that is another container.
void add_network_files(const SpecInput& input, std::vector<oci::Mount>& mounts) {
    const NamespaceMode& network = mode_of(input, "network");
    const std::string containers = input.container_dir.substr(0, input.container_dir.find_last_of('/'));
    for (const std::string name : {"hosts", "hostname", "resolv.conf"}) {
        const std::string destination = cat("/etc/", name);
        const bool replaced = std::any_of(input.mounts.begin(), input.mounts.end(),
                                          [&](const oci::Mount& m) { return m.destination == destination; });
        const bool shared = network.kind == NamespaceKind::container && name != "hostname";
        const std::string dir = shared ? cat(containers, "/", network.target) : input.container_dir;
        if (!replaced) mounts.push_back({destination, "bind", cat(dir, "/", name), {"bind", "rprivate"}});
    }
}

std::vector<oci::Mount> default_mounts(const SpecInput& input) {
    const std::string access = input.request.privileged ? "rw" : "ro";
    std::vector<oci::Mount> mounts{
        kernel_mount(input, "pid", {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}}, "rw"),
        {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
        {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}}};
    add_ipc_mounts(input, mounts);
    mounts.push_back(kernel_mount(input, "network", {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access}}, "ro"));
    // The host's cgroups are shown and never to be written (CVE-2023-25809).
    mounts.push_back(kernel_mount(input, "cgroup", {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", access}}, "ro"));
    add_network_files(input, mounts);
    return mounts;
}

std::vector<oci::IdMapping> mappings(const std::vector<rootless::IdRange>& ranges) {
    std::vector<oci::IdMapping> list;
    for (const rootless::IdRange& r : ranges) list.push_back({r.inside, r.outside, r.count});
    return list;
}

oci::Resources resources(const CreateRequest& request) {
    oci::Resources resources;
    if (request.cpus) {
        if (!(*request.cpus >= 0.01) || *request.cpus > 1024) throw Error("--cpus ", *request.cpus, ": a number from 0.01 on is needed");
        resources.cpu_period = 100000;
        resources.cpu_quota = std::llround(*request.cpus * 100000);
    }
    if (request.memory) {
        if (*request.memory <= 0) throw Error("--memory: must be more than 0");
        resources.memory_limit = request.memory;
    }
    if (request.pids_limit && *request.pids_limit > 0) resources.pids_limit = request.pids_limit;
    return resources;
}

} // namespace

CommandLine command_line(const CreateRequest& request, const oci::ImageConfig& image) {
    CommandLine words;
    words.entrypoint = request.entrypoint ? *request.entrypoint : image.entrypoint.value_or(std::vector<std::string>{});
    if (words.entrypoint == std::vector<std::string>{""}) words.entrypoint.clear();
    words.command = request.command;
    // The image's own words fit the image's entrypoint only.
    if (words.command.empty() && !request.entrypoint) words.command = image.cmd.value_or(std::vector<std::string>{});
    if (words.entrypoint.empty() && words.command.empty())
        throw Error("nothing to run: the image has neither entrypoint nor command; give a command after the image name");
    return words;
}

oci::RuntimeSpec build_spec(const SpecInput& input) {
    const CreateRequest& request = input.request;
    const SecurityOptions security = read_security_options(request.security_opt);
    oci::RuntimeSpec spec;
    spec.process = process(input, security);
    spec.root_path = input.container_dir + "/merged";
    spec.root_readonly = request.read_only;
    if (mode_of(input, "uts").kind == NamespaceKind::own) spec.hostname = input.hostname;
    spec.mounts = default_mounts(input);
    spec.mounts.insert(spec.mounts.end(), input.mounts.begin(), input.mounts.end());
    spec.uid_mappings = mappings(input.maps.uids);
    spec.gid_mappings = mappings(input.maps.gids);
    spec.namespaces = {{"user", ""}, {"mount", ""}};
    for (oci::Namespace& entry : spec_namespaces(input.namespaces)) spec.namespaces.push_back(std::move(entry));
    if (spec.makes_namespace("network")) spec.sysctl.emplace_back("net.ipv4.ping_group_range", "0 0");
    spec.resources = resources(request);
    spec.cgroups_path = "ctl-" + input.id.substr(0, 12);
    spec.seccomp = seccomp(request, security);
    if (!request.privileged) {
        spec.masked_paths = masked_paths;
        spec.readonly_paths = readonly_paths;
    }
    return spec;
}

} // namespace lib
