// record.json and state.json; see lib/container_json.h.
#include "lib/container_json.h"

#include "base/oci/json_fields.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <limits>

namespace lib {
namespace {

using nlohmann::json;
using oci::Fields;

constexpr int version = 1; ///< of both documents; a reader takes any

json ports_json(const std::vector<PortMapping>& ports) {
    json list = json::array();
    for (const PortMapping& p : ports)
        list.push_back({{"host_ip", p.host_ip}, {"host_port", p.host_port}, {"container_port", p.container_port},
                        {"protocol", to_string(p.transport)}});
    return list;
}

json mounts_json(const std::vector<MountRecord>& mounts) {
    json list = json::array();
    for (const MountRecord& m : mounts)
        list.push_back({{"type", m.type}, {"name", m.name}, {"source", m.source}, {"destination", m.destination},
                        {"options", m.options}, {"writable", m.writable}});
    return list;
}

json images_json(const std::vector<MountedImage>& images) {
    json list = json::array();
    for (const MountedImage& image : images) list.push_back({{"id", image.id}, {"diff_ids", image.diff_ids}});
    return list;
}

json secrets_json(const std::vector<SecretRecord>& secrets) {
    json list = json::array();
    for (const SecretRecord& s : secrets)
        list.push_back({{"name", s.name}, {"id", s.id}, {"target", s.target}, {"is_variable", s.is_variable}, {"uid", s.uid}, {"gid", s.gid},
                        {"mode", s.mode}});
    return list;
}

json runtime_json(const OtherRuntime& runtime) {
    if (runtime.empty()) return json::object();
    return {{"name", runtime.name}, {"path", runtime.path}, {"flags", runtime.flags}};
}

json cgroup_json(const rootless::CgroupPlan& plan) {
    return {{"manager", static_cast<int>(plan.manager)}, {"unit", plan.unit}, {"bus", plan.bus},
            {"scope_helper", plan.scope_helper}, {"base", plan.base}, {"leaf", plan.leaf}};
}

int small(const Fields& object, const char* name, int most = std::numeric_limits<int>::max()) {
    return static_cast<int>(object.number(name, static_cast<std::uint64_t>(most)).value_or(0));
}

std::int64_t time(const Fields& object, const char* name) {
    return static_cast<std::int64_t>(object.number(name, std::numeric_limits<std::int64_t>::max()).value_or(0));
}

std::vector<std::string> texts(const Fields& object, const char* name) {
    return object.texts(name).value_or(std::vector<std::string>{});
}

std::vector<PortMapping> read_ports(const Fields& object) {
    std::vector<PortMapping> ports;
    for (const Fields& p : object.objects("ports"))
        ports.push_back({p.text("host_ip"), static_cast<std::uint16_t>(small(p, "host_port", 65535)),
                         static_cast<std::uint16_t>(small(p, "container_port", 65535)),
                         p.text("protocol") == "udp" ? Transport::udp : Transport::tcp}); // of an older ctl: none
    return ports;
}

std::vector<MountRecord> read_mounts(const Fields& object) {
    std::vector<MountRecord> mounts;
    for (const Fields& m : object.objects("mounts"))
        mounts.push_back({m.text("type"), m.text("name"), m.text("source"), m.text("destination"), m.text("options"),
                          m.flag("writable")});
    return mounts;
}

json log_json(const LogSettings& log) {
    return {{"driver", to_string(log.driver)}, {"path", log.path}, {"max_size", log.max_size}, {"max_files", log.max_files}, {"tag", log.tag}};
}

LogSettings read_log(const Fields& object) {
    LogSettings log;
    if (const std::string driver = object.text("driver"); !driver.empty()) log.driver = parse_log_driver(driver);
    log.path = object.text("path");
    log.max_size = time(object, "max_size");
    log.max_files = std::max(1, small(object, "max_files"));
    log.tag = object.text("tag");
    return log;
}

std::vector<SecretRecord> read_secrets(const Fields& object) {
    std::vector<SecretRecord> secrets;
    for (const Fields& s : object.objects("secrets")) {
        const auto id = [&](const char* name) { return static_cast<unsigned>(s.number(name, std::numeric_limits<unsigned>::max()).value_or(0)); };
        secrets.push_back({s.required_text("name"), s.text("id"), s.required_text("target"), s.flag("is_variable"), id("uid"), id("gid"), id("mode")});
    }
    return secrets;
}

rootless::CgroupPlan read_cgroup(const Fields& object) {
    rootless::CgroupPlan plan;
    plan.manager = static_cast<rootless::CgroupManager>(small(object, "manager", static_cast<int>(rootless::CgroupManager::cgroupfs)));
    plan.unit = object.text("unit");
    plan.bus = object.text("bus");
    plan.scope_helper = object.text("scope_helper");
    plan.base = object.text("base");
    plan.leaf = object.text("leaf");
    return plan;
}

/// Without what is empty, zero or false, which is what a reader takes a missing field for: half of a usual record.
std::string dump(json document) {
    for (auto field = document.begin(); field != document.end();) {
        const bool says_nothing = field->empty() || *field == "" || *field == false || *field == 0;
        field = says_nothing ? document.erase(field) : std::next(field);
    }
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Records are ctl's own, of one user for herself: they need none of the checks that documents of others do
/// (base/oci/json_text.h), and `ps` reads a thousand of them.
json parse_own(const std::string& text, const std::string& file) {
    json document = json::parse(text, nullptr, false);
    if (document.is_discarded()) throw Error(file, ": not valid JSON");
    if (!document.is_object()) throw Error(file, ": expected a JSON object, found ", document.type_name());
    return document;
}

} // namespace

std::string record_json(const ContainerRecord& r) {
    return dump({{"version", version}, {"id", r.id}, {"name", r.name}, {"image", r.image}, {"image_id", r.image_id},
                 {"image_digest", r.image_digest}, {"exposed_ports", r.exposed_ports}, {"asked", r.asked},
                 {"image_diff_ids", r.image_diff_ids}, {"rootfs", r.rootfs}, {"rootfs_overlay", r.rootfs_overlay}, {"created", r.created}, {"create_command", r.create_command},
                 {"entrypoint", r.entrypoint}, {"command", r.command}, {"user", r.user}, {"network", r.network}, {"network_settings", r.network_settings},
                 {"namespaces", r.namespaces},
                 {"ports", ports_json(r.ports)}, {"labels", r.labels}, {"mounts", mounts_json(r.mounts)},
                 {"mounted_images", images_json(r.mounted_images)}, {"secrets", secrets_json(r.secrets)}, {"systemd", r.systemd},
                 {"anonymous_volumes", r.anonymous_volumes}, {"log", log_json(r.log)}, {"stop_signal", r.stop_signal},
                 {"stop_timeout", r.stop_timeout}, {"restart_policy", r.restart_policy}, {"requires", r.requires_ids},
                 {"auto_remove", r.auto_remove}, {"auto_remove_image", r.auto_remove_image}, {"interactive", r.interactive}, {"tty", r.tty}, {"init", r.init},
                 {"make_cwd", r.make_cwd}, {"privileged", r.privileged}, {"single_id", r.single_id},
                 {"timeout", r.timeout}, {"sdnotify", r.sdnotify}, {"pid_file", r.pid_file},
                 {"monitor_pid_file", r.monitor_pid_file}, {"cgroup_mode", r.cgroup_mode}, {"cgroup_parent", r.cgroup_parent},
                 {"cgroup_manager", r.cgroup_manager}, {"passwd_addition", r.passwd_addition},
                 {"group_addition", r.group_addition}, {"no_keyring", r.no_keyring},
                 {"runtime", runtime_json(r.runtime)}, {"storage_driver", r.storage_driver ? to_string(*r.storage_driver) : ""}, {"image_store", r.image_store},
                 {"runner_pid", r.runner_pid}, {"runner_start", r.runner_start}, {"runner_boot", r.runner_boot}});
}

std::string state_json(const ContainerState& s) {
    return dump({{"version", version}, {"status", s.status}, {"boot_id", s.boot_id}, {"pid", s.pid}, {"pid_start", s.pid_start},
                 {"monitor_pid", s.monitor_pid}, {"started", s.started}, {"finished", s.finished}, {"exit_code", s.exit_code},
                 {"oom_killed", s.oom_killed}, {"restart_count", s.restart_count}, {"network_restarts", s.network_restarts},
                 {"stopped_by_user", s.stopped_by_user}, {"error", s.error}, {"ports", ports_json(s.ports)},
                 {"cgroup", cgroup_json(s.cgroup)}, {"runtime_dir", s.runtime_dir},
                 {"mount_namespace", s.mount_namespace}, {"driver", to_string(s.driver)}});
}

std::string cgroup_json_text(const rootless::CgroupPlan& plan) { return dump(cgroup_json(plan)); }

std::string ports_json_text(const std::vector<PortMapping>& ports) { return dump({{"version", version}, {"ports", ports_json(ports)}}); }

std::vector<PortMapping> parse_ports(const std::string& text, const std::string& file) {
    const json document = parse_own(text, file);
    return read_ports(Fields(document, file));
}

rootless::CgroupPlan parse_cgroup(const std::string& text, const std::string& file) {
    const json document = parse_own(text, file);
    return read_cgroup(Fields(document, file));
}

ContainerRecord parse_record(const std::string& text, const std::string& file) {
    const json document = parse_own(text, file);
    const Fields o(document, file);
    ContainerRecord r;
    r.id = o.required_text("id");
    r.name = o.required_text("name");
    r.image = o.text("image");
    r.image_id = o.text("image_id");
    r.image_digest = o.text("image_digest");
    r.image_diff_ids = texts(o, "image_diff_ids");
    r.rootfs = o.text("rootfs");
    r.rootfs_overlay = o.flag("rootfs_overlay");
    r.created = time(o, "created");
    r.create_command = texts(o, "create_command");
    r.entrypoint = texts(o, "entrypoint");
    r.command = texts(o, "command");
    r.user = o.text("user");
    r.network = o.text("network");
    r.network_settings = texts(o, "network_settings");
    r.namespaces = o.text_map("namespaces");
    r.ports = read_ports(o);
    r.exposed_ports = texts(o, "exposed_ports");
    if (const auto asked = o.object("asked"))
        for (const auto& [option, values] : asked->raw().items()) r.asked[option] = texts(*asked, option.c_str());
    r.labels = o.text_map("labels");
    r.mounts = read_mounts(o);
    r.secrets = read_secrets(o);
    r.systemd = o.flag("systemd");
    for (const Fields& image : o.objects("mounted_images")) r.mounted_images.push_back({image.required_text("id"), texts(image, "diff_ids")});
    r.anonymous_volumes = texts(o, "anonymous_volumes");
    if (const auto log = o.object("log")) r.log = read_log(*log);
    r.stop_signal = small(o, "stop_signal");
    r.stop_timeout = small(o, "stop_timeout");
    r.restart_policy = o.text("restart_policy");
    r.requires_ids = texts(o, "requires");
    r.auto_remove = o.flag("auto_remove");
    r.auto_remove_image = o.flag("auto_remove_image");
    r.interactive = o.flag("interactive");
    r.tty = o.flag("tty");
    r.init = o.flag("init");
    r.make_cwd = o.flag("make_cwd");
    r.privileged = o.flag("privileged");
    r.single_id = o.flag("single_id");
    r.timeout = static_cast<std::int64_t>(o.number("timeout", std::numeric_limits<std::int32_t>::max()).value_or(0));
    r.sdnotify = o.text("sdnotify");
    r.pid_file = o.text("pid_file");
    r.monitor_pid_file = o.text("monitor_pid_file");
    r.cgroup_mode = o.text("cgroup_mode");
    r.cgroup_parent = o.text("cgroup_parent");
    r.cgroup_manager = o.text("cgroup_manager");
    r.passwd_addition = o.text("passwd_addition");
    r.group_addition = o.text("group_addition");
    r.no_keyring = o.flag("no_keyring");
    if (const auto runtime = o.object("runtime")) r.runtime = {runtime->text("name"), runtime->text("path"), texts(*runtime, "flags")};
    r.storage_driver = parse_storage_driver(o.text("storage_driver"));
    r.image_store = o.text("image_store");
    r.runner_pid = small(o, "runner_pid");
    r.runner_start = o.number("runner_start").value_or(0);
    r.runner_boot = o.text("runner_boot");
    return r;
}

ContainerState parse_state(const std::string& text, const std::string& file) {
    const json document = parse_own(text, file);
    const Fields o(document, file);
    ContainerState s;
    s.status = o.required_text("status");
    s.boot_id = o.text("boot_id");
    s.pid = small(o, "pid");
    s.pid_start = o.number("pid_start").value_or(0);
    s.monitor_pid = small(o, "monitor_pid");
    s.started = time(o, "started");
    s.finished = time(o, "finished");
    s.exit_code = small(o, "exit_code");
    s.oom_killed = o.flag("oom_killed");
    s.restart_count = small(o, "restart_count");
    s.network_restarts = small(o, "network_restarts");
    s.stopped_by_user = o.flag("stopped_by_user");
    s.error = o.text("error");
    s.ports = read_ports(o);
    if (const auto cgroup = o.object("cgroup")) s.cgroup = read_cgroup(*cgroup);
    s.runtime_dir = o.text("runtime_dir");
    s.driver = parse_storage_driver(o.text("driver")).value_or(StorageDriver::overlay);
    s.mount_namespace = static_cast<std::uint32_t>(o.number("mount_namespace").value_or(0));
    return s;
}

} // namespace lib
