// `linux.resources` of config.json; see base/oci/runtime_spec.h.
//
// The specification's units and some of its members are those of cgroup v1. A member that cgroup v2 cannot give is refused,
// except those that the specification itself tells not to use. 0 counts as absent where container engines write it for "nothing
// asked for".
#include "base/oci/json_text.h"
#include "base/oci/runtime_spec_parts.h"

#include <nlohmann/json.hpp>

namespace oci::spec {
namespace {

using nlohmann::json;

constexpr const char* v1_only = "cgroup v2 has no such setting";

template <class Number>
std::optional<Number> without_zero(std::optional<Number> value) {
    return value == Number{0} ? std::nullopt : value;
}

void refuse_number(const Fields& object, const char* name) {
    if (const auto value = signed_number<std::int64_t>(object, name); value.value_or(0) > 0) refuse(object, name, v1_only);
}

std::optional<std::uint16_t> read_weight(const Fields& object) {
    refuse_number(object, "leafWeight");
    const auto weight = object.number("weight", 1000).value_or(0);
    if (weight == 0) return std::nullopt;
    if (weight < 10) throw Error(object.at("weight"), ": ", weight, " is out of range, which is 10 to 1000");
    return static_cast<std::uint16_t>(weight);
}

DeviceRate device_of(const Fields& entry, std::uint64_t value) {
    return {device_number(entry, "major", most_major), device_number(entry, "minor", most_minor), value};
}

std::vector<DeviceRate> read_rates(const Fields& object, const char* name) {
    std::vector<DeviceRate> rates;
    for (const Fields& entry : object.objects(name)) rates.push_back(device_of(entry, required_number(entry, "rate")));
    return rates;
}

void read_block_io(const Fields& object, Resources& resources) {
    resources.blkio_weight = read_weight(object);
    for (const Fields& entry : object.objects("weightDevice")) {
        const auto weight = read_weight(entry);
        if (!weight) throw Error(entry.at("weight"), ": missing");
        resources.blkio_weight_device.push_back(device_of(entry, *weight));
    }
    resources.read_bps = read_rates(object, "throttleReadBpsDevice");
    resources.write_bps = read_rates(object, "throttleWriteBpsDevice");
    resources.read_iops = read_rates(object, "throttleReadIOPSDevice");
    resources.write_iops = read_rates(object, "throttleWriteIOPSDevice");
}

void read_cpu(const Fields& cpu, Resources& resources) {
    resources.cpu_shares = without_zero(cpu.number("shares"));
    resources.cpu_quota = without_zero(signed_number<std::int64_t>(cpu, "quota"));
    resources.cpu_period = without_zero(cpu.number("period"));
    resources.cpu_burst = cpu.number("burst");
    if (resources.cpu_quota.value_or(-1) > 0 && resources.cpu_burst.value_or(0) > static_cast<std::uint64_t>(*resources.cpu_quota))
        throw Error(cpu.at("burst"), ": ", *resources.cpu_burst, " is more than the quota of ", *resources.cpu_quota);
    resources.cpu_idle = signed_number<std::int64_t>(cpu, "idle", 0, 1);
    resources.cpuset_cpus = cpu.text("cpus");
    resources.cpuset_mems = cpu.text("mems");
    refuse_number(cpu, "realtimeRuntime");
    refuse_number(cpu, "realtimePeriod");
}

void read_memory(const Fields& memory, Resources& resources) {
    resources.memory_limit = signed_number<std::int64_t>(memory, "limit");
    resources.memory_reservation = signed_number<std::int64_t>(memory, "reservation");
    resources.memory_swap = signed_number<std::int64_t>(memory, "swap");
    resources.memory_check_before_update = memory.flag("checkBeforeUpdate");
    if (memory.has("swappiness")) refuse(memory, "swappiness", v1_only);
    if (memory.flag("disableOOMKiller")) refuse(memory, "disableOOMKiller", v1_only);
}

DeviceRule read_device_rule(const Fields& entry) {
    DeviceRule rule;
    if (!entry.has("allow")) throw Error(entry.at("allow"), ": missing");
    rule.allow = entry.flag("allow");
    if (const std::string type = entry.text("type"); !type.empty()) {
        check_word(entry, "type", type, {"a", "b", "c"});
        rule.type = type.front();
    }
    const auto number = [&](const char* name, std::int64_t most) {
        const auto value = signed_number<std::int64_t>(entry, name, -1, most);
        return value == -1 ? std::nullopt : value;
    };
    rule.major = number("major", most_major);
    rule.minor = number("minor", most_minor);
    const std::string access = entry.text("access");
    if (access.find_first_not_of("rwm") != std::string::npos)
        throw Error(entry.at("access"), ": \"", printable(access), "\": only the letters r, w and m are known");
    const auto has = [&](char letter) { return access.empty() || access.find(letter) != std::string::npos; };
    rule.read = has('r');
    rule.write = has('w');
    rule.mknod = has('m');
    return rule;
}

/// "2MB": part of a file's name, so that nothing else may come through.
bool is_page_size(const std::string& size) {
    const std::size_t digits = size.find_first_not_of("0123456789");
    return digits != std::string::npos && digits > 0 && digits < 20 && size.front() != '0' && size.size() == digits + 2 &&
           std::string_view("KMG").find(size[digits]) != std::string_view::npos && size.back() == 'B';
}

void read_hugepages(const Fields& object, Resources& resources) {
    for (const Fields& entry : object.objects("hugepageLimits")) {
        std::string size = entry.required_text("pageSize");
        if (!is_page_size(size)) throw Error(entry.at("pageSize"), ": \"", printable(size), "\" is no size such as 2MB");
        resources.hugepage_limits.emplace_back(std::move(size), required_number(entry, "limit"));
    }
}

void read_rdma(const Fields& object, Resources& resources) {
    const auto devices = object.object("rdma");
    if (!devices) return;
    for (const auto& [name, value] : devices->raw().items()) {
        if (name.empty() || name.find_first_of(" \t\n") != std::string::npos)
            throw Error(object.at("rdma"), ": \"", printable(name), "\" is no name of a device");
        const Fields entry(value, devices->at(name.c_str()));
        Resources::Rdma limit{name, short_number(entry, "hcaHandles"), short_number(entry, "hcaObjects")};
        if (!limit.hca_handles && !limit.hca_objects) throw Error(devices->at(name.c_str()), ": hcaHandles or hcaObjects is needed");
        resources.rdma.push_back(std::move(limit));
    }
}

/// The files are those of the container's own cgroup, and their processes are not for a document to choose.
void read_unified(const Fields& object, Resources& resources) {
    for (const auto& [file, text] : object.text_map("unified")) {
        if (file.find('/') != std::string::npos || file.find('.') == std::string::npos || file.starts_with('.') || file == "cgroup.procs" ||
            file == "cgroup.threads")
            throw Error(object.at("unified"), ": \"", printable(file), "\" is no control file of cgroup v2 with a setting");
        resources.unified.emplace_back(file, text);
    }
}

void refuse_network(const Fields& object) {
    const auto network = object.object("network");
    if (!network) return;
    refuse_number(*network, "classID");
    if (!network->objects("priorities").empty()) refuse(*network, "priorities", v1_only);
}

} // namespace

Resources read_resources(const Fields& object) {
    Resources resources;
    if (const auto cpu = object.object("cpu")) read_cpu(*cpu, resources);
    if (const auto memory = object.object("memory")) read_memory(*memory, resources);
    if (const auto pids = object.object("pids")) resources.pids_limit = signed_number<std::int64_t>(*pids, "limit");
    if (const auto block_io = object.object("blockIO")) read_block_io(*block_io, resources);
    for (const Fields& entry : object.objects("devices")) resources.devices.push_back(read_device_rule(entry));
    read_hugepages(object, resources);
    read_rdma(object, resources);
    read_unified(object, resources);
    refuse_network(object);
    return resources;
}

} // namespace oci::spec

namespace oci {

Resources parse_resources(const std::string& text, const std::string& file) {
    const nlohmann::json document = parse_json_text(text, file);
    spec::refuse_nul(document, file + ": resources");
    return spec::read_resources(Fields(document, file));
}

} // namespace oci
