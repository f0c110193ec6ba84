// config.json, both ways; see base/oci/runtime_spec.h.
#include "base/oci/runtime_spec.h"

#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"

#include <nlohmann/json.hpp>

#include <limits>
#include <utility>

namespace oci {
namespace {

using nlohmann::json;

// Writing. Empty members are left out, as the specification allows.

template <class T>
void put(json& object, const char* name, const T& value) {
    if (!value.empty()) object[name] = value;
}

template <class T>
void put(json& object, const char* name, const std::optional<T>& value) {
    if (value) object[name] = *value;
}

json text_map(const std::vector<std::pair<std::string, std::string>>& pairs) {
    json object = json::object();
    for (const auto& [key, value] : pairs) object[key] = value;
    return object;
}

json process_json(const Process& process) {
    json user{{"uid", process.user.uid}, {"gid", process.user.gid}};
    put(user, "umask", process.user.umask);
    put(user, "additionalGids", process.user.additional_gids);
    json document{{"terminal", process.terminal}, {"user", user}, {"args", process.args}, {"cwd", process.cwd}};
    put(document, "env", process.env);
    json capabilities = json::object();
    capabilities["bounding"] = process.capabilities.bounding;
    put(capabilities, "effective", process.capabilities.effective);
    put(capabilities, "inheritable", process.capabilities.inheritable);
    put(capabilities, "permitted", process.capabilities.permitted);
    put(capabilities, "ambient", process.capabilities.ambient);
    document["capabilities"] = capabilities;
    for (const Rlimit& limit : process.rlimits)
        document["rlimits"].push_back({{"type", limit.type}, {"soft", limit.soft}, {"hard", limit.hard}});
    document["noNewPrivileges"] = process.no_new_privileges;
    put(document, "oomScoreAdj", process.oom_score_adj);
    return document;
}

json mounts_json(const std::vector<Mount>& mounts) {
    json list = json::array();
    for (const Mount& mount : mounts) {
        json entry{{"destination", mount.destination}};
        put(entry, "type", mount.type);
        put(entry, "source", mount.source);
        put(entry, "options", mount.options);
        list.push_back(entry);
    }
    return list;
}

json mappings_json(const std::vector<IdMapping>& mappings) {
    json list = json::array();
    for (const IdMapping& m : mappings)
        list.push_back({{"containerID", m.container_id}, {"hostID", m.host_id}, {"size", m.size}});
    return list;
}

json rates_json(const std::vector<DeviceRate>& rates, const char* name) {
    json list = json::array();
    for (const DeviceRate& rate : rates) list.push_back({{"major", rate.major}, {"minor", rate.minor}, {name, rate.value}});
    return list;
}

json block_io_json(const Resources& resources) {
    json document = json::object();
    put(document, "weight", resources.blkio_weight);
    put(document, "weightDevice", rates_json(resources.blkio_weight_device, "weight"));
    put(document, "throttleReadBpsDevice", rates_json(resources.read_bps, "rate"));
    put(document, "throttleWriteBpsDevice", rates_json(resources.write_bps, "rate"));
    put(document, "throttleReadIOPSDevice", rates_json(resources.read_iops, "rate"));
    put(document, "throttleWriteIOPSDevice", rates_json(resources.write_iops, "rate"));
    return document;
}

json resources_json(const Resources& resources) {
    json cpu = json::object(), memory = json::object(), document = json::object();
    put(cpu, "shares", resources.cpu_shares);
    put(cpu, "quota", resources.cpu_quota);
    put(cpu, "period", resources.cpu_period);
    put(cpu, "cpus", resources.cpuset_cpus);
    put(cpu, "mems", resources.cpuset_mems);
    put(memory, "limit", resources.memory_limit);
    put(memory, "reservation", resources.memory_reservation);
    put(memory, "swap", resources.memory_swap);
    put(document, "cpu", cpu);
    put(document, "memory", memory);
    if (resources.pids_limit) document["pids"] = {{"limit", *resources.pids_limit}};
    put(document, "blockIO", block_io_json(resources));
    put(document, "unified", text_map(resources.unified));
    return document;
}

json linux_json(const RuntimeSpec& spec) {
    json document = json::object();
    put(document, "uidMappings", mappings_json(spec.uid_mappings));
    put(document, "gidMappings", mappings_json(spec.gid_mappings));
    for (const Namespace& n : spec.namespaces) {
        json entry{{"type", n.type}};
        put(entry, "path", n.path);
        document["namespaces"].push_back(entry);
    }
    put(document, "sysctl", text_map(spec.sysctl));
    put(document, "resources", resources_json(spec.resources));
    put(document, "cgroupsPath", spec.cgroups_path);
    put(document, "rootfsPropagation", spec.rootfs_propagation);
    if (!spec.personality.empty()) document["personality"] = {{"domain", spec.personality}};
    if (spec.seccomp) document["seccomp"] = *spec.seccomp;
    put(document, "maskedPaths", spec.masked_paths);
    put(document, "readonlyPaths", spec.readonly_paths);
    return document;
}

// Reading.

std::vector<std::string> texts(const Fields& object, const char* name) {
    return object.texts(name).value_or(std::vector<std::string>{});
}

std::uint64_t required_number(const Fields& object, const char* name,
                              std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    const auto value = object.number(name, most);
    if (!value) throw Error(object.at(name), ": missing");
    return *value;
}

std::uint32_t id(const Fields& object, const char* name) {
    return static_cast<std::uint32_t>(required_number(object, name, std::numeric_limits<std::uint32_t>::max()));
}

/// A whole number that may be negative, which Fields::number refuses.
template <class Number>
std::optional<Number> signed_number(const Fields& object, const char* name) {
    const json* value = object.find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_integer()) throw Error(object.at(name), ": expected a whole number, found ", value->type_name());
    const bool fits = value->is_number_unsigned() ? std::in_range<Number>(value->get<std::uint64_t>())
                                                  : std::in_range<Number>(value->get<std::int64_t>());
    if (!fits) throw Error(object.at(name), ": ", value->dump(), " is out of range");
    return value->get<Number>();
}

User read_user(const Fields& object) {
    User user{id(object, "uid"), id(object, "gid"), std::nullopt, {}};
    if (object.has("umask")) user.umask = id(object, "umask");
    if (const json* gids = object.find("additionalGids")) {
        if (!gids->is_array()) throw Error(object.at("additionalGids"), ": expected a list of numbers");
        for (const json& gid : *gids) {
            if (!gid.is_number_unsigned() || gid.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max())
                throw Error(object.at("additionalGids"), ": expected a list of 32-bit numbers");
            user.additional_gids.push_back(gid.get<std::uint32_t>());
        }
    }
    return user;
}

Process read_process(const Fields& object) {
    Process process;
    process.terminal = object.flag("terminal");
    if (const auto user = object.object("user")) process.user = read_user(*user);
    process.args = texts(object, "args");
    process.env = texts(object, "env");
    process.cwd = object.required_text("cwd");
    if (const auto caps = object.object("capabilities"))
        process.capabilities = {texts(*caps, "bounding"), texts(*caps, "effective"), texts(*caps, "inheritable"),
                                texts(*caps, "permitted"), texts(*caps, "ambient")};
    for (const Fields& limit : object.objects("rlimits"))
        process.rlimits.push_back({limit.required_text("type"), required_number(limit, "soft"), required_number(limit, "hard")});
    process.no_new_privileges = object.flag("noNewPrivileges");
    process.oom_score_adj = signed_number<int>(object, "oomScoreAdj");
    return process;
}

std::vector<IdMapping> read_mappings(const Fields& object, const char* name) {
    std::vector<IdMapping> mappings;
    for (const Fields& m : object.objects(name))
        mappings.push_back({id(m, "containerID"), id(m, "hostID"), id(m, "size")});
    return mappings;
}

std::vector<DeviceRate> read_rates(const Fields& object, const char* name, const char* value) {
    std::vector<DeviceRate> rates;
    for (const Fields& entry : object.objects(name)) {
        const auto number = [&](const char* field) { return signed_number<std::int64_t>(entry, field).value_or(0); };
        rates.push_back({number("major"), number("minor"), required_number(entry, value)});
    }
    return rates;
}

void read_block_io(const Fields& object, Resources& resources) {
    if (const auto weight = object.number("weight", std::numeric_limits<std::uint16_t>::max()))
        resources.blkio_weight = static_cast<std::uint16_t>(*weight);
    resources.blkio_weight_device = read_rates(object, "weightDevice", "weight");
    resources.read_bps = read_rates(object, "throttleReadBpsDevice", "rate");
    resources.write_bps = read_rates(object, "throttleWriteBpsDevice", "rate");
    resources.read_iops = read_rates(object, "throttleReadIOPSDevice", "rate");
    resources.write_iops = read_rates(object, "throttleWriteIOPSDevice", "rate");
}

Resources read_resources(const Fields& object) {
    Resources resources;
    if (const auto cpu = object.object("cpu")) {
        resources.cpu_shares = cpu->number("shares");
        resources.cpu_quota = signed_number<std::int64_t>(*cpu, "quota");
        resources.cpu_period = cpu->number("period");
        resources.cpuset_cpus = cpu->text("cpus");
        resources.cpuset_mems = cpu->text("mems");
    }
    if (const auto memory = object.object("memory")) {
        resources.memory_limit = signed_number<std::int64_t>(*memory, "limit");
        resources.memory_reservation = signed_number<std::int64_t>(*memory, "reservation");
        resources.memory_swap = signed_number<std::int64_t>(*memory, "swap");
    }
    if (const auto pids = object.object("pids")) resources.pids_limit = signed_number<std::int64_t>(*pids, "limit");
    if (const auto block_io = object.object("blockIO")) read_block_io(*block_io, resources);
    for (const auto& [file, text] : object.text_map("unified")) resources.unified.emplace_back(file, text);
    return resources;
}

void read_linux(const Fields& object, RuntimeSpec& spec) {
    spec.uid_mappings = read_mappings(object, "uidMappings");
    spec.gid_mappings = read_mappings(object, "gidMappings");
    for (const Fields& n : object.objects("namespaces")) spec.namespaces.push_back({n.required_text("type"), n.text("path")});
    for (const auto& [name, value] : object.text_map("sysctl")) spec.sysctl.emplace_back(name, value);
    if (const auto resources = object.object("resources")) spec.resources = read_resources(*resources);
    spec.cgroups_path = object.text("cgroupsPath");
    spec.rootfs_propagation = object.text("rootfsPropagation");
    if (const auto personality = object.object("personality")) spec.personality = personality->required_text("domain");
    spec.masked_paths = texts(object, "maskedPaths");
    spec.readonly_paths = texts(object, "readonlyPaths");
}

/// Seccomp's own reader names the fields from "linux.seccomp" on.
Seccomp read_seccomp(const json& object, const std::string& file) {
    try {
        return object.get<Seccomp>();
    } catch (Error& e) {
        e.add_context(file);
        throw;
    }
}

} // namespace

std::string to_json_text(const RuntimeSpec& spec) {
    json document{{"ociVersion", "1.2.0"}, {"process", process_json(spec.process)}};
    document["root"] = {{"path", spec.root_path}, {"readonly", spec.root_readonly}};
    put(document, "hostname", spec.hostname);
    document["mounts"] = mounts_json(spec.mounts);
    put(document, "annotations", text_map(spec.annotations));
    document["linux"] = linux_json(spec);
    return document.dump(2, ' ', false, json::error_handler_t::replace);
}

RuntimeSpec parse_runtime_spec(const std::string& text, const std::string& file) {
    const json document = parse_json_text(text, file);
    const Fields object(document, file);
    RuntimeSpec spec;
    if (const std::string version = object.required_text("ociVersion"); !version.starts_with("1."))
        throw Error(object.at("ociVersion"), ": version ", version, " is not known here");
    if (const auto process = object.object("process")) spec.process = read_process(*process);
    if (const auto root = object.object("root")) {
        spec.root_path = root->text("path");
        spec.root_readonly = root->flag("readonly");
    }
    spec.hostname = object.text("hostname");
    for (const Fields& m : object.objects("mounts"))
        spec.mounts.push_back({m.required_text("destination"), m.text("type"), m.text("source"), texts(m, "options")});
    for (const auto& [key, value] : object.text_map("annotations")) spec.annotations.emplace_back(key, value);
    if (const auto lin = object.object("linux")) {
        read_linux(*lin, spec);
        if (const json* seccomp = lin->find("seccomp")) spec.seccomp = read_seccomp(*seccomp, file);
    }
    return spec;
}

} // namespace oci
