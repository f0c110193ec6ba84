// The default container and what the options make of it; see lib/spec_builder.h. Defaults are Podman 5.4's but for what
// docs/decisions.md lists.
#include "lib/spec_builder.h"

#include "base/error.h"
#include "base/files.h"
#include "lib/container_env.h"
#include "lib/container_mounts.h"
#include "lib/limits.h"
#include "lib/seccomp_default.h"
#include "lib/seccomp_profile.h"
#include "lib/sysctl_option.h"
#include "lib/ulimit.h"
#include "rootless/caps.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>

namespace lib {
namespace {

constexpr const char* init_destination = "/dev/ctl-init"; ///< below a tmpfs of ours: leaves nothing in the image
constexpr const char* container_env_destination = "/run/.containerenv";

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
    rootless::CapMask defaults = request.privileged ? rootless::all_caps() : rootless::default_caps();
    if (const auto& configured = request.process.default_capabilities; !configured.empty() && !request.privileged) {
        defaults = 0;
        for (const std::string& name : configured) defaults |= rootless::parse_capability(name);
    }
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
    const std::string& file = security.seccomp.empty() ? request.process.seccomp_profile : security.seccomp;
    if (file.empty()) return default_seccomp(caps);
    const std::string option = cat("--security-opt seccomp=", file);
    const std::string text = files::read_named(file, option);
    try {
        return parse_seccomp_profile(text, native_seccomp_target(caps));
    } catch (Error& e) {
        e.add_context(option);
        throw;
    }
}

/// Octal digits, as umask(1) takes them.
std::uint32_t file_mask(const std::string& text) {
    if (text.empty()) return 0022;
    if (text.size() > 4 || text.find_first_not_of("01234567") != std::string::npos || std::stoul(text, nullptr, 8) > 0777)
        throw Error("--umask ", text, ": an octal number up to 0777 is needed");
    return static_cast<std::uint32_t>(std::stoul(text, nullptr, 8));
}

/// An ordinary user can only make it more likely that the kernel chooses her own processes (proc(5)).
std::optional<int> oom_score(const std::optional<std::int64_t>& wanted) {
    if (!wanted) return std::nullopt;
    if (*wanted < -1000 || *wanted > 1000) throw Error("--oom-score-adj ", *wanted, ": from -1000 to 1000 are possible");
    const std::int64_t own = std::stoll(files::find("/proc/self/oom_score_adj").value_or("0"));
    if (*wanted < own && ::geteuid() != 0)
        throw Error("--oom-score-adj ", *wanted, ": you run with ", own, ", and an ordinary user cannot go below that");
    return static_cast<int>(*wanted);
}

void check_personality(const std::string& domain) {
    if (!domain.empty() && domain != "LINUX" && domain != "LINUX32")
        throw Error("--personality ", domain, ": known are LINUX and LINUX32");
}

oci::Process process(const SpecInput& input, const SecurityOptions& security) {
    oci::Process process;
    process.terminal = input.request.tty;
    process.user.uid = input.user.uid;
    process.user.gid = input.user.gid;
    process.user.umask = file_mask(input.request.process.umask);
    process.user.additional_gids = input.user.groups;
    const CommandLine words = command_line(input.request, input.image);
    process.args = words.entrypoint;
    process.args.insert(process.args.end(), words.command.begin(), words.command.end());
    if (!input.init_program.empty()) process.args.insert(process.args.begin(), {init_destination, "--"});
    process.env = environment_strings(
        container_environment(input.request, input.image, input.hostname, input.user.home, host_environment()));
    process.cwd = input.request.workdir.value_or(input.image.working_dir.empty() ? "/" : input.image.working_dir);
    if (!process.cwd.starts_with('/')) throw Error("working directory \"", process.cwd, "\" is not an absolute path");
    process.capabilities = capabilities(input.request, input.user.uid);
    process.rlimits = process_limits(input.request.process.ulimits);
    process.oom_score_adj = oom_score(input.request.process.oom_score_adj);
    process.no_new_privileges = security.no_new_privileges;
    return process;
}

std::string shm_size(const CreateRequest& request) { return "size=" + (request.shm_size.empty() ? "65536k" : request.shm_size); }

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
    mounts.push_back(kernel_mount(input, "ipc", {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", shm_size(input.request)}}, "rw"));
}

bool is_taken(const SpecInput& input, const std::string& destination) {
    return std::any_of(input.mounts.begin(), input.mounts.end(), [&](const oci::Mount& m) { return m.destination == destination; });
}

/// The container's own files; of the network's owner where that is another container.
void add_given_files(const SpecInput& input, std::vector<oci::Mount>& mounts) {
    const NamespaceMode& network = mode_of(input, "network");
    const std::string containers = input.container_dir.substr(0, input.container_dir.find_last_of('/'));
    for (const GivenFile& file : input.files) {
        const bool shared = network.kind == NamespaceKind::container && file.of_network;
        const std::string dir = shared ? cat(containers, "/", network.target) : input.container_dir;
        mounts.push_back({file.destination, "bind", cat(dir, "/", file.name), {"bind", "rprivate"}});
        for (const std::string& root : input.request.files.chroot_dirs)
            mounts.push_back({cat(root == "/" ? "" : root, file.destination), "bind", cat(dir, "/", file.name), {"bind", "rprivate"}});
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
    add_given_files(input, mounts);
    if (!input.init_program.empty())
        mounts.push_back({init_destination, "bind", input.init_program, {"bind", "rprivate", "ro", "nosuid", "nodev"}});
    if (input.request.read_only && !input.request.read_only_tmpfs)
        for (oci::Mount& mount : mounts)
            if (mount.type == "tmpfs") mount.options.push_back("ro");
    return mounts;
}

/// The user's mounts take the place of the default ones. Where the user has mounted over /etc, which may be read-only, our
/// files are put there only if they can.
std::vector<oci::Mount> all_mounts(const SpecInput& input) {
    std::vector<oci::Mount> mounts = default_mounts(input);
    std::erase_if(mounts, [&](const oci::Mount& mount) { return is_taken(input, mount.destination); });
    for (oci::Mount& mount : mounts)
        if (mount.destination.starts_with("/etc/") && is_taken(input, "/etc")) mount.options.push_back("nofail");
    mounts.insert(mounts.end(), input.mounts.begin(), input.mounts.end());
    sort_mounts(mounts);
    return mounts;
}

std::vector<oci::IdMapping> mappings(const std::vector<rootless::IdRange>& ranges) {
    std::vector<oci::IdMapping> list;
    for (const rootless::IdRange& r : ranges) list.push_back({r.inside, r.outside, r.count});
    return list;
}

/// What tells programs that they are in a container (podman-run(1), "/run/.containerenv"). After the user's mounts, because
/// --read-only puts a tmpfs on /run; not into a directory of the user's, where the mount would leave an empty file behind.
void add_container_env(oci::RuntimeSpec& spec, const SpecInput& input) {
    for (const oci::Mount& mount : input.mounts)
        if (mount.destination == container_env_destination || (mount.destination == "/run" && mount.type == "bind")) return;
    spec.mounts.push_back({container_env_destination, "bind", input.container_dir + "/containerenv", {"bind", "rprivate", "ro"}});
}

/// The user's replace the default, and a name that is given twice has its last value.
void set_sysctls(oci::RuntimeSpec& spec, const CreateRequest& request) {
    const OwnNamespaces own{spec.makes_namespace("network"), spec.makes_namespace("ipc"), spec.makes_namespace("uts")};
    if (own.network) spec.sysctl.emplace_back("net.ipv4.ping_group_range", "0 0");
    const auto put = [&](std::pair<std::string, std::string> setting) {
        std::erase_if(spec.sysctl, [&](const auto& s) { return s.first == setting.first; });
        spec.sysctl.push_back(std::move(setting));
    };
    for (const std::string& option : request.process.default_sysctls)
        if (auto setting = parse_default_sysctl(option, own)) put(*std::move(setting));
    for (const std::string& option : request.process.sysctls) put(parse_sysctl_option(option, own));
}

void set_annotations(oci::RuntimeSpec& spec, const CreateRequest& request) {
    std::map<std::string, std::string> annotations;
    for (const std::string& option : request.life.annotations) {
        const auto equals = option.find('=');
        if (equals == std::string::npos || equals == 0) throw Error("--annotation \"", option, "\": NAME=VALUE is needed");
        annotations[option.substr(0, equals)] = option.substr(equals + 1);
    }
    if (keeps_groups(request.process)) annotations[keep_groups_annotation] = "1";
    spec.annotations.assign(annotations.begin(), annotations.end());
}

} // namespace

bool keeps_groups(const ProcessOptions& options) { return options.group_add == std::vector<std::string>{"keep-groups"}; }

bool keeps_groups(const oci::RuntimeSpec& spec) {
    return std::ranges::any_of(spec.annotations, [](const auto& a) { return a.first == keep_groups_annotation && a.second == "1"; });
}

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
    spec.mounts = all_mounts(input);
    spec.uid_mappings = mappings(input.maps.uids);
    spec.gid_mappings = mappings(input.maps.gids);
    spec.namespaces = {{"mount", ""}};
    for (oci::Namespace& entry : spec_namespaces(input.namespaces)) spec.namespaces.push_back(std::move(entry));
    add_container_env(spec, input);
    set_sysctls(spec, request);
    set_annotations(spec, request);
    check_personality(request.process.personality);
    spec.personality = request.process.personality;
    spec.resources = make_resources(request.limits);
    spec.cgroups_path = "ctl-" + input.id.substr(0, 12);
    spec.seccomp = seccomp(request, security);
    if (!request.privileged) {
        spec.masked_paths = masked_paths;
        spec.readonly_paths = readonly_paths;
    }
    return spec;
}

} // namespace lib
