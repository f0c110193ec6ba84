// The options of `run` and `create`, see cli/create_request.h.
#include "cli/create_request.h"

#include "base/error.h"
#include "base/files.h"
#include "cli/limit_options.h"
#include "cli/platform_options.h"
#include "cli/registry_options.h"
#include "cli/values.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <utility>

namespace cli {
namespace {

/// One word, or a JSON list of words; the empty word clears the image's entry point.
std::vector<std::string> parse_entrypoint(const std::string& text) {
    if (!text.starts_with('[')) return {text};
    const auto list = nlohmann::json::parse(text, nullptr, false);
    const bool words = list.is_array() && std::ranges::all_of(list, [](const auto& word) { return word.is_string(); });
    if (!words) throw Error("--entrypoint: ", text, " is not a JSON list of words");
    return list.empty() ? std::vector<std::string>{""} : list.get<std::vector<std::string>>();
}

void read_streams(const ParsedCommand& command, lib::CreateRequest& request) {
    request.attach = command.list_split("attach");
    for (std::string& stream : request.attach) {
        std::ranges::transform(stream, stream.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (stream != "stdin" && stream != "stdout" && stream != "stderr")
            throw Error("--attach ", stream, ": the streams are stdin, stdout and stderr");
    }
}

void read_user_files(const ParsedCommand& command, lib::UserFileOptions& options) {
    options.host_users = command.list_split("hostuser");
    options.passwd_entry = command.find("passwd-entry").value_or("");
    options.group_entry = command.find("group-entry").value_or("");
}

void read_names(const ParsedCommand& command, lib::NameOptions& names) {
    names.add_hosts = command.list_split("add-host");
    names.dns = command.list_split("dns");
    names.dns_searches = command.list_split("dns-search");
    names.dns_options = command.list_split("dns-option");
    names.hosts_file = command.find("hosts-file").value_or("");
    names.no_hosts = command.is_on("no-hosts");
    names.no_hostname = command.is_on("no-hostname");
}

void read_cgroup(const ParsedCommand& command, lib::CreateRequest& request) {
    constexpr std::array modes{"enabled", "disabled", "no-conmon", "split"};
    request.limits = read_limit_options(command);
    request.limits.cgroup_conf = command.list_split("cgroup-conf");
    request.cgroup.mode = command.find("cgroups").value_or("");
    if (!request.cgroup.mode.empty() && std::ranges::find(modes, request.cgroup.mode) == modes.end())
        throw Error("--cgroups=", request.cgroup.mode, ": known are enabled, disabled, no-conmon and split");
    request.cgroup.parent = command.find("cgroup-parent").value_or("");
}

void read_life(const ParsedCommand& command, lib::LifeOptions& life) {
    constexpr std::array modes{"container", "conmon", "ignore"};
    life.cid_file = command.find("cidfile").value_or("");
    life.pid_file = command.find("pidfile").value_or("");
    life.monitor_pid_file = command.find("conmon-pidfile").value_or("");
    life.replace = command.is_on("replace");
    life.runtime = command.find("runtime").value_or("");
    life.runtime_flags = command.list("runtime-flag");
    life.annotations = command.list("annotation");
    life.label_files = command.list("label-file");
    if (const auto timeout = command.find("timeout")) life.timeout = std::min<std::int64_t>(parse_seconds("timeout", *timeout).count(), std::numeric_limits<std::int32_t>::max());
    life.sdnotify = command.find("sdnotify").value_or("");
    if (life.sdnotify == "healthy") throw Error("--sdnotify=healthy is not supported yet, because health checks are not");
    if (!life.sdnotify.empty() && std::ranges::find(modes, life.sdnotify) == modes.end())
        throw Error("--sdnotify=", life.sdnotify, ": known are container, conmon and ignore");
}

void read_process(const ParsedCommand& command, lib::CreateRequest& request) {
    request.env = command.list("env");
    request.env_files = command.list("env-file");
    request.workdir = command.find("workdir");
    request.user = command.find("user");
    if (const auto entrypoint = command.find("entrypoint")) request.entrypoint = parse_entrypoint(*entrypoint);
    request.interactive = command.is_on("interactive");
    request.tty = command.is_on("tty");
    request.init = command.is_on("init");
    lib::ProcessOptions& options = request.process;
    options.env_merge = command.list("env-merge");
    options.unsetenv = command.list("unsetenv");
    options.unsetenv_all = command.is_on("unsetenv-all");
    options.env_host = command.is_on("env-host");
    options.http_proxy = command.is_on("http-proxy", true);
    options.umask = command.find("umask").value_or("");
    options.ulimits = command.list_split("ulimit");
    if (const auto score = command.find("oom-score-adj")) options.oom_score_adj = parse_integer("oom-score-adj", *score, -1000);
    options.personality = command.find("personality").value_or("");
    options.group_add = command.list_split("group-add");
    options.sysctls = command.list_split("sysctl");
    options.timezone = command.find("tz").value_or("");
    options.init_path = command.find("init-path").value_or("");
    read_user_files(command, request.user_files);
    read_streams(command, request);
    request.stop_signal = command.find("stop-signal");
    if (const auto timeout = command.find("stop-timeout"))
        request.stop_timeout = static_cast<int>(
            std::min<std::int64_t>(parse_seconds("stop-timeout", *timeout).count(), std::numeric_limits<int>::max()));
}

void read_isolation(const ParsedCommand& command, lib::CreateRequest& request) {
    request.cap_add = command.list_split("cap-add");
    request.cap_drop = command.list_split("cap-drop");
    request.security_opt = command.list("security-opt");
    request.privileged = command.is_on("privileged");
    request.read_only = command.is_on("read-only");
    request.network = command.find("network").value_or("");
    request.pid = command.find("pid").value_or("");
    request.ipc = command.find("ipc").value_or("");
    request.uts = command.find("uts").value_or("");
    request.cgroupns = command.find("cgroupns").value_or("");
    request.read_only_tmpfs = command.is_on("read-only-tmpfs", true);
    request.userns = command.find("userns").value_or("");
    request.uidmap = command.list_split("uidmap");
    request.gidmap = command.list_split("gidmap");
    request.subuidname = command.find("subuidname").value_or("");
    request.subgidname = command.find("subgidname").value_or("");
}

/// This process' words, the program first.
std::vector<std::string> own_command_line() {
    std::vector<std::string> words;
    const std::string text = files::find("/proc/self/cmdline").value_or("");
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = std::min(rest.find('\0'), rest.size());
        words.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return words;
}

} // namespace

lib::PullPolicy parse_pull_policy(std::string_view option, const std::string& text) {
    using enum lib::PullPolicy;
    constexpr std::array<std::pair<const char*, lib::PullPolicy>, 4> policies{
        {{"missing", missing}, {"always", always}, {"never", never}, {"newer", newer}}};
    const auto found = std::ranges::find(policies, text, &std::pair<const char*, lib::PullPolicy>::first);
    if (found != policies.end()) return found->second;
    throw Error(option, ": \"", text, "\" is not one of missing, always, never, newer");
}

lib::CreateRequest make_create_request(const ParsedCommand& command) {
    lib::CreateRequest request;
    request.create_command = own_command_line();
    request.image = command.arguments.front();
    request.rootfs = command.is_on("rootfs");
    request.command.assign(command.arguments.begin() + 1, command.arguments.end());
    request.name = command.find("name").value_or("");
    request.hostname = command.find("hostname");
    request.labels = command.list("label");
    request.volumes = command.list("volume");
    request.tmpfs = command.list("tmpfs");
    request.mounts = command.list("mount");
    request.files.secrets = command.list("secret");
    request.files.devices = command.list("device");
    request.files.gpus = command.list("gpus");
    request.files.cdi_directories = command.list("cdi-spec-dir");
    request.files.chroot_dirs = command.list_split("chrootdirs");
    for (const std::string& directory : request.files.chroot_dirs)
        if (!directory.starts_with('/')) throw Error("--chrootdirs ", directory, ": not an absolute path");
    request.files.systemd = command.find("systemd").value_or("true");
    request.volumes_from = command.list("volumes-from");
    request.image_volumes = command.find("image-volume").value_or("anonymous");
    request.publish = command.list_split("publish");
    request.expose = command.list_split("expose");
    request.publish_all = command.is_on("publish-all");
    request.remove = command.is_on("rm");
    request.log_driver = command.find("log-driver").value_or("");
    request.log_options = command.list("log-opt");
    request.restart = command.find("restart").value_or("");
    request.required = command.list_split("requires");
    if (const auto policy = command.find("pull")) request.pull = parse_pull_policy("--pull", *policy);
    request.registry = registry_options(command);
    request.platform = wanted_platform(command);
    if (const auto size = command.find("shm-size")) {
        const std::int64_t bytes = parse_size("shm-size", *size);
        if (bytes <= 0) throw Error("--shm-size ", *size, ": more than 0 is needed");
        request.shm_size = std::to_string(bytes);
    }
    if (const auto size = command.find("shm-size-systemd")) {
        const std::int64_t bytes = parse_size("shm-size-systemd", *size);
        if (bytes < 0) throw Error("--shm-size-systemd ", *size, ": 0 or more is needed");
        if (bytes > 0) request.files.systemd_shm_size = std::to_string(bytes); // 0: no limit but the kernel's, as Podman has it
    }
    read_names(command, request.names);
    read_cgroup(command, request);
    read_life(command, request.life);
    read_process(command, request);
    read_isolation(command, request);
    return request;
}

} // namespace cli
