// containers.conf's keys as data, see lib/config/conf_keys.h.
#include "lib/config/conf_keys.h"

#include <algorithm>
#include <iterator>

namespace lib::config {
namespace {

using enum KeyType;
using enum KeyStatus;

constexpr std::string_view one_program = "ctl is one program: it looks for no other ones";
constexpr std::string_view own_network = "the network is ctl's own";
constexpr std::string_view own_store = "ctl's store is where --root or XDG_DATA_HOME says";
constexpr std::string_view no_locks = "ctl has no numbered locks and no database";
constexpr std::string_view asks_runtime = "ctl asks the runtime what it can do (features), and its cgroup is made by ctl";
constexpr std::string_view no_remote = "there is no service to be remote from";
constexpr std::string_view no_machine = "ctl runs on Linux without a virtual machine";

constexpr ConfKey all_keys[] = {
    {"containers.annotations", list, supported, ""},
    {"containers.apparmor_profile", text, not_yet, ""},
    {"containers.base_hosts_file", text, supported, ""},
    {"containers.cgroup_conf", list, supported, ""},
    {"containers.cgroups", text, supported, ""},
    {"containers.cgroupns", text, supported, ""},
    {"containers.default_capabilities", list, supported, ""},
    {"containers.default_sysctls", list, supported, ""},
    {"containers.default_ulimits", list, supported, ""},
    {"containers.devices", list, supported, ""},
    {"containers.dns_options", list, supported, ""},
    {"containers.dns_searches", list, supported, ""},
    {"containers.dns_servers", list, supported, ""},
    {"containers.env", list, supported, "below the image's variables"},
    {"containers.env_host", flag, supported, ""},
    {"containers.host_containers_internal_ip", text, supported, ""},
    {"containers.http_proxy", flag, supported, ""},
    {"containers.init", flag, supported, ""},
    {"containers.init_path", text, supported, "ctl has an init of its own; the path is for another one"},
    {"containers.interface_name", text, not_yet, ""},
    {"containers.ipcns", text, supported, ""},
    {"containers.keyring", flag, supported, ""},
    {"containers.label", flag, not_yet, "no SELinux labels yet"},
    {"containers.label_users", flag, not_yet, "no SELinux labels yet"},
    {"containers.log_driver", text, supported, ""},
    {"containers.log_size_max", number, supported, "as --log-opt max-size"},
    {"containers.log_tag", text, supported, "as --log-opt tag"},
    {"containers.mounts", list, supported, ""},
    {"containers.netns", text, supported, "private, host, none"},
    {"containers.no_hosts", flag, supported, ""},
    {"containers.oom_score_adj", number, supported, ""},
    {"containers.pidns", text, supported, ""},
    {"containers.pids_limit", number, supported, "no limit where it is not set, and -1 or 0 for none"},
    {"containers.prepare_volume_on_create", flag, never, "volumes are always filled when the container is created"},
    {"containers.privileged", flag, supported, ""},
    {"containers.read_only", flag, supported, ""},
    {"containers.seccomp_profile", text, supported, ""},
    {"containers.shm_size", text, supported, ""},
    {"containers.tz", text, supported, ""},
    {"containers.umask", text, supported, ""},
    {"containers.userns", text, supported, "host and private are the default map; auto, keep-id and nomap as --userns"},
    {"containers.utsns", text, supported, ""},
    {"containers.volumes", list, supported, ""},

    {"network.network_backend", text, never, own_network},
    {"network.cni_plugin_dirs", list, never, own_network},
    {"network.netavark_plugin_dirs", list, never, own_network},
    {"network.default_network", text, not_yet, "networks with names"},
    {"network.default_subnet", text, not_yet, "networks with names"},
    {"network.default_subnet_pools", list, not_yet, "networks with names"},
    {"network.default_rootless_network_cmd", text, never, own_network},
    {"network.network_config_dir", text, never, own_store},
    {"network.firewall_driver", text, never, "an ordinary user has no firewall to set up"},
    {"network.dns_bind_port", number, never, own_network},
    {"network.pasta_options", list, never, own_network},

    {"engine.active_service", text, never, no_remote},
    {"engine.add_compression", list, not_yet, "push"},
    {"engine.cgroup_manager", text, supported, "empty: systemd where it answers, else cgroupfs"},
    {"engine.compat_api_enforce_docker_hub", flag, never, "there is no REST API"},
    {"engine.compose_providers", list, not_yet, ""},
    {"engine.compose_warning_logs", flag, not_yet, ""},
    {"engine.conmon_env_vars", list, never, one_program},
    {"engine.conmon_path", list, never, one_program},
    {"engine.database_backend", text, never, no_locks},
    {"engine.detach_keys", text, supported, ""},
    {"engine.enable_port_reservation", flag, never, "published ports are always held"},
    {"engine.env", list, supported, "of ctl itself: proxies for pulls and the like"},
    {"engine.events_logfile_path", text, not_yet, ""},
    {"engine.events_logfile_max_size", text, not_yet, ""},
    {"engine.events_logger", text, not_yet, ""},
    {"engine.events_container_create_inspect_data", flag, not_yet, ""},
    {"engine.healthcheck_events", flag, not_yet, "health checks"},
    {"engine.helper_binaries_dir", list, never, one_program},
    {"engine.hooks_dir", list, not_yet, "OCI hooks"},
    {"engine.cdi_spec_dirs", list, not_yet, ""},
    {"engine.image_default_format", text, not_yet, "build and commit"},
    {"engine.image_default_transport", text, never, "images come from registries and archives, each by a command of its own"},
    {"engine.image_parallel_copies", number, not_yet, ""},
    {"engine.image_volume_mode", text, supported, ""},
    {"engine.infra_command", text, never, "pods need no container to hold them"},
    {"engine.infra_image", text, never, "pods need no container to hold them"},
    {"engine.kube_generate_type", text, not_yet, ""},
    {"engine.lock_type", text, never, no_locks},
    {"engine.multi_image_archive", flag, not_yet, "save"},
    {"engine.namespace", text, never, no_locks},
    {"engine.network_cmd_path", text, never, own_network},
    {"engine.network_cmd_options", list, never, own_network},
    {"engine.no_pivot_root", flag, never, "a root without pivot_root can be left"},
    {"engine.num_locks", number, never, no_locks},
    {"engine.pod_exit_policy", text, not_yet, "pods"},
    {"engine.pull_policy", text, supported, ""},
    {"engine.remote", flag, never, no_remote},
    {"engine.retry", number, supported, ""},
    {"engine.retry_delay", text, supported, ""},
    {"engine.runtime", text, never, "ctl runs containers itself; --runtime names another program for those that want one"},
    {"engine.runtimes", table, supported, "where the programs of a name for --runtime are"},
    {"engine.runtime_supports_json", list, never, asks_runtime},
    {"engine.runtime_supports_kvm", list, never, asks_runtime},
    {"engine.runtime_supports_nocgroups", list, never, asks_runtime},
    {"engine.image_copy_tmp_dir", text, never, "what is fetched goes into the store at once"},
    {"engine.service_timeout", number, never, no_remote},
    {"engine.static_dir", text, never, own_store},
    {"engine.stop_timeout", number, supported, ""},
    {"engine.exit_command_delay", number, never, "there is no REST API"},
    {"engine.tmp_dir", text, never, "runtime files are where XDG_RUNTIME_DIR says"},
    {"engine.volume_path", text, never, own_store},
    {"engine.chown_copied_files", flag, not_yet, "cp"},
    {"engine.compression_format", text, not_yet, "push"},
    {"engine.compression_level", number, not_yet, "push"},
    {"engine.service_destinations", table, never, no_remote},
    {"engine.volume_plugins", table, never, "volumes are directories"},
    {"engine.platform_to_oci_runtime", table, not_yet, "other OCI runtimes"},

    {"secrets.driver", text, not_yet, ""},
    {"secrets.opts", table, not_yet, ""},
    {"machine", table, never, no_machine},
    {"farms", table, never, no_remote},
    {"podmansh", table, never, "there is no podmansh"},
};

} // namespace

std::span<const ConfKey> conf_keys() { return all_keys; }

const ConfKey* find_conf_key(std::string_view name) {
    const auto is_it = [&](const ConfKey& key) {
        if (key.name == name) return true;
        return key.type == table && name.starts_with(key.name) && name.substr(key.name.size()).starts_with('.');
    };
    const auto* found = std::ranges::find_if(all_keys, is_it);
    return found == std::end(all_keys) ? nullptr : found;
}

} // namespace lib::config
