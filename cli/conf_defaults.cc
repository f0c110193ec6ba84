// containers.conf as defaults, see cli/conf_defaults.h.
#include "cli/conf_defaults.h"

#include "cli/values.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <variant>

namespace cli {
namespace {

using lib::config::ContainersConf;
using lib::config::Setting;

enum class Use {
    if_absent, ///< the user's value or list replaces it
    before,    ///< a list that comes before the user's
};

struct OptionDefault {
    std::string_view key;
    std::string_view option;
    Use use = Use::if_absent;
    /// Values that mean what holds anyway, separated by blanks: the option stays as it is.
    std::string_view built_in = "";
};
constexpr OptionDefault option_defaults[] = {
    {"containers.annotations", "annotation", Use::before},
    {"containers.base_hosts_file", "hosts-file"},
    {"containers.cgroup_conf", "cgroup-conf", Use::before},
    {"containers.cgroups", "cgroups"},
    {"containers.cgroupns", "cgroupns"},
    {"containers.default_ulimits", "ulimit", Use::before},
    {"containers.devices", "device", Use::before},
    {"containers.dns_options", "dns-option"},
    {"containers.dns_searches", "dns-search"},
    {"containers.dns_servers", "dns"},
    {"containers.env_host", "env-host"},
    {"containers.http_proxy", "http-proxy"},
    {"containers.init", "init"},
    {"containers.init_path", "init-path"},
    {"containers.ipcns", "ipc"},
    {"containers.log_driver", "log-driver"},
    {"containers.mounts", "mount", Use::before},
    {"containers.netns", "network", Use::if_absent, "private"},
    {"containers.no_hosts", "no-hosts"},
    {"containers.oom_score_adj", "oom-score-adj"},
    {"containers.pidns", "pid"},
    {"containers.pids_limit", "pids-limit"},
    {"containers.privileged", "privileged"},
    {"containers.read_only", "read-only"},
    {"containers.shm_size", "shm-size"},
    {"containers.tz", "tz"},
    {"containers.umask", "umask"},
    {"containers.userns", "userns", Use::if_absent, "host private"},
    {"containers.utsns", "uts"},
    {"containers.volumes", "volume", Use::before},
    {"engine.detach_keys", "detach-keys"},
    {"engine.image_volume_mode", "image-volume"},
    {"engine.pull_policy", "pull"},
    {"engine.retry", "retry"},
    {"engine.retry_delay", "retry-delay"},
    {"engine.stop_timeout", "stop-timeout"},
};

/// Used by apply_conf, add_log_options and apply_engine_environment.
constexpr std::array other_keys{
    "containers.default_capabilities", "containers.default_sysctls", "containers.env", "containers.host_containers_internal_ip",
    "containers.keyring", "containers.log_size_max", "containers.log_tag", "containers.seccomp_profile",
    "engine.cgroup_manager", "engine.env", "engine.runtimes"};

std::vector<std::string> words_of(const Setting& setting) {
    if (const auto* flag = std::get_if<bool>(&setting.value)) return {*flag ? "true" : "false"};
    if (const auto* number = std::get_if<std::int64_t>(&setting.value)) return {std::to_string(*number)};
    if (const auto* text = std::get_if<std::string>(&setting.value)) return text->empty() ? std::vector<std::string>{} : std::vector{*text};
    return std::get<std::vector<std::string>>(setting.value);
}

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::string_view first = words.substr(0, words.find(' '));
        if (first == word) return true;
        words.remove_prefix(std::min(first.size() + 1, words.size()));
    }
    return false;
}

/// The options of one container are [containers]'s business, and those of run and create only: `exec --privileged` is not
/// meant by it.
bool concerns(const ParsedCommand& command, std::string_view key) {
    const std::string_view name = command.spec().name;
    const bool makes_containers = name == "run" || name == "create";
    return makes_containers || key.starts_with("engine.");
}

/// Options that say the opposite of a default: the user has spoken.
bool is_contradicted(const ParsedCommand& command, std::string_view option) {
    const auto given = [&](std::string_view name) { return command.values.contains(name); };
    if (option == "no-hosts") return given("add-host") || given("hosts-file");
    if (option == "dns" || option == "dns-search" || option == "dns-option") return given("network");
    if (option == "network") return given("publish");
    return false;
}

/// log_size_max and log_tag are --log-opt's, each for the drivers that have it.
void add_log_options(ParsedCommand& command, const ContainersConf& conf, std::vector<ConfDefault>& made) {
    if (find_option(command.spec(), "log-opt") == nullptr || find_option(command.spec(), "log-driver") == nullptr) return;
    const std::string driver = command.find("log-driver").value_or("");
    auto& options = command.values["log-opt"];
    const auto add = [&](const char* key, const std::string& name, const std::string& value) {
        for (const std::string& option : options)
            if (option.starts_with(name + "=")) return;
        options.push_back(cat(name, "=", value));
        made.push_back({"log-opt", key, conf.find(key)->file});
    };
    const bool in_files = driver.empty() || driver == "k8s-file" || driver == "json-file";
    if (const auto size = conf.number("containers.log_size_max"); size.value_or(-1) > 0 && in_files)
        add("containers.log_size_max", "max-size", std::to_string(*size));
    if (const std::string tag = conf.text("containers.log_tag"); !tag.empty() && driver == "journald") add("containers.log_tag", "tag", tag);
    if (options.empty()) command.values.erase("log-opt");
}

} // namespace

bool reads_containers_conf(std::string_view command) {
    constexpr std::array readers{"attach", "create", "exec", "pull", "push", "run", "start"};
    return std::ranges::find(readers, command) != readers.end();
}

std::vector<ConfDefault> apply_conf_defaults(ParsedCommand& command, const ContainersConf& conf) {
    std::vector<ConfDefault> made;
    for (const OptionDefault& entry : option_defaults) {
        const Setting* setting = conf.find(std::string(entry.key));
        if (setting == nullptr || !concerns(command, entry.key) || is_contradicted(command, entry.option)) continue;
        const OptionSpec* option = find_option(command.spec(), entry.option);
        if (option == nullptr) continue;
        const auto given = command.values.find(option->long_name);
        if (given != command.values.end() && entry.use == Use::if_absent) continue;
        std::vector<std::string> words = words_of(*setting);
        if (words.empty() || (words.size() == 1 && has_word(entry.built_in, words.front()))) continue;
        auto& values = command.values[std::string(option->long_name)];
        values.insert(values.begin(), words.begin(), words.end());
        made.push_back({std::string(entry.option), std::string(entry.key), setting->file});
    }
    if (concerns(command, "containers.log_tag")) add_log_options(command, conf, made);
    return made;
}

void apply_conf(lib::CreateRequest& request, const ContainersConf& conf) {
    request.process.default_env = conf.list("containers.env");
    request.process.default_capabilities = conf.list("containers.default_capabilities");
    request.process.default_sysctls = conf.list("containers.default_sysctls");
    request.process.seccomp_profile = conf.text("containers.seccomp_profile");
    request.process.keyring = conf.flag("containers.keyring").value_or(true);
    request.names.host_address = conf.text("containers.host_containers_internal_ip");
    request.life.runtimes = conf.lists("engine.runtimes");
    request.cgroup.manager = conf.text("engine.cgroup_manager");
    if (const std::string& manager = request.cgroup.manager; !manager.empty() && manager != "systemd" && manager != "cgroupfs")
        throw Error(conf.find("engine.cgroup_manager")->file, ": engine.cgroup_manager: \"", manager, "\" is neither systemd nor cgroupfs");
}

void apply_engine_environment(const ContainersConf& conf) {
    for (const std::string& variable : conf.list("engine.env")) {
        const auto equals = variable.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(conf.find("engine.env")->file, ": engine.env: \"", variable, "\" is not NAME=VALUE");
        ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
    }
}

void name_source(Error& error, const std::vector<ConfDefault>& defaults) {
    const std::string text = error.what();
    for (const ConfDefault& value : defaults) {
        const std::string option = "--" + value.option;
        const auto at = text.find(option);
        if (at == std::string::npos) continue;
        const char next = at + option.size() < text.size() ? text[at + option.size()] : ' ';
        if (next == '-' || (next >= 'a' && next <= 'z')) continue; // --dns is not --dns-search
        error.add_context(cat(value.file, ": ", value.key));
        return;
    }
}

bool is_conf_key_used(std::string_view key) {
    if (std::ranges::find(other_keys, key) != other_keys.end()) return true;
    const auto* entry = std::ranges::find(option_defaults, key, &OptionDefault::key);
    if (entry == std::end(option_defaults)) return false;
    return std::ranges::any_of(commands(), [&](const CommandSpec* command) {
        return reads_containers_conf(command->name) && find_option(*command, entry->option) != nullptr;
    });
}

} // namespace cli
