// `linux` of config.json, its resources and seccomp excepted; see base/oci/runtime_spec.h.
#include "base/oci/runtime_spec_parts.h"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

namespace oci::spec {
namespace {

using nlohmann::json;

bool overlap(std::uint32_t a, std::uint32_t a_size, std::uint32_t b, std::uint32_t b_size) {
    return a < std::uint64_t{b} + b_size && b < std::uint64_t{a} + a_size;
}

void read_namespaces(const Fields& object, RuntimeSpec& spec) {
    for (const Fields& entry : object.objects("namespaces")) {
        Namespace n{entry.required_text("type"), entry.text("path")};
        check_word(entry, "type", n.type, {"user", "mount", "pid", "network", "ipc", "uts", "cgroup", "time"});
        if (spec.has_namespace(n.type)) throw Error(entry.at("type"), ": ", n.type, " is there twice");
        // "container:ID" is ctl's own, for a namespace of another of its containers.
        if (!n.path.empty() && !n.path.starts_with("container:")) check_absolute(entry, "path", n.path);
        spec.namespaces.push_back(std::move(n));
    }
}

Device read_device(const Fields& entry) {
    Device device;
    device.path = entry.required_text("path");
    if (!device.path.starts_with('/')) device.path.insert(0, 1, '/'); // as mounts[].destination
    const std::string type = entry.required_text("type");
    check_word(entry, "type", type, {"c", "b", "u", "p"});
    device.type = type.front();
    if (device.type != 'p') {
        device.major = device_number(entry, "major", most_major);
        device.minor = device_number(entry, "minor", most_minor);
    }
    // Some engines write st_mode as it is, with the bits of the type.
    if (const auto mode = entry.number("fileMode", 0177777)) {
        const std::uint32_t kind = static_cast<std::uint32_t>(*mode) & S_IFMT;
        const std::uint32_t own = device.type == 'p' ? S_IFIFO : device.type == 'b' ? S_IFBLK : S_IFCHR;
        if (kind != 0 && kind != own) throw Error(entry.at("fileMode"), ": ", *mode, " is the mode of another type of file");
        device.file_mode = static_cast<std::uint32_t>(*mode) & 07777U;
    }
    if (entry.has("uid")) device.uid = id(entry, "uid");
    if (entry.has("gid")) device.gid = id(entry, "gid");
    return device;
}

void read_time_offsets(const Fields& object, RuntimeSpec& spec) {
    const auto clocks = object.object("timeOffsets");
    if (!clocks) return;
    for (const auto& [clock, value] : clocks->raw().items()) {
        if (clock != "monotonic" && clock != "boottime")
            throw Error(object.at("timeOffsets"), ": unknown clock \"", printable(clock), "\"; known are monotonic and boottime");
        const Fields entry(value, clocks->at(clock.c_str()));
        spec.time_offsets.push_back({clock, signed_number<std::int64_t>(entry, "secs").value_or(0),
                                     static_cast<std::uint32_t>(entry.number("nanosecs", 999'999'999).value_or(0))});
    }
    if (!spec.time_offsets.empty() && !spec.makes_namespace("time")) throw Error(object.at("timeOffsets"), ": needs a new time namespace");
}

/// A name is made a path below /proc/sys, in which neither kind of separator may lead elsewhere.
void read_sysctl(const Fields& object, RuntimeSpec& spec) {
    const auto separates = [](char c) { return c == '.' || c == '/'; };
    for (const auto& [name, value] : object.text_map("sysctl")) {
        const bool twice = std::adjacent_find(name.begin(), name.end(), [&](char a, char b) { return separates(a) && separates(b); }) != name.end();
        if (name.empty() || twice || separates(name.front()) || separates(name.back()))
            throw Error(object.at("sysctl"), ": \"", printable(name), "\" is no name of a setting");
        spec.sysctl.emplace_back(name, value);
    }
}

std::string read_cgroups_path(const Fields& object) {
    std::string path = object.text("cgroupsPath");
    if (cat("/", path, "/").find("/../") != std::string::npos) throw Error(object.at("cgroupsPath"), ": \"", printable(path), "\" has a .. in it");
    return path;
}

void read_personality(const Fields& object, RuntimeSpec& spec) {
    const auto personality = object.object("personality");
    if (!personality) return;
    spec.personality = personality->required_text("domain");
    check_word(*personality, "domain", spec.personality, {"LINUX", "LINUX32"});
    if (!texts(*personality, "flags").empty()) refuse(*personality, "flags", "the specification has none");
}

std::vector<std::string> absolute_paths(const Fields& object, const char* name) {
    std::vector<std::string> paths = texts(object, name);
    for (const std::string& path : paths) check_absolute(object, name, path);
    return paths;
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

std::vector<IdMapping> read_mappings(const Fields& object, const char* name) {
    constexpr std::size_t most = 340; // user_namespaces(7)
    std::vector<IdMapping> mappings;
    for (const Fields& entry : object.objects(name)) {
        const IdMapping m{id(entry, "containerID"), id(entry, "hostID"), static_cast<std::uint32_t>(required_number(entry, "size", UINT32_MAX))};
        if (m.size == 0) throw Error(entry.at("size"), ": must not be 0");
        for (const auto& [member, first] : {std::pair{"containerID", m.container_id}, std::pair{"hostID", m.host_id}})
            if (std::uint64_t{first} + m.size > UINT32_MAX) throw Error(entry.at("size"), ": there are not so many ids from ", member, " ", first);
        for (const IdMapping& other : mappings) {
            if (overlap(m.container_id, m.size, other.container_id, other.size)) throw Error(entry.at("containerID"), ": the range overlaps another");
            if (overlap(m.host_id, m.size, other.host_id, other.size)) throw Error(entry.at("hostID"), ": the range overlaps another");
        }
        if (mappings.size() == most) throw Error(object.at(name), ": the kernel takes at most ", most);
        mappings.push_back(m);
    }
    return mappings;
}

void read_linux(const Fields& object, RuntimeSpec& spec, const std::string& file) {
    if (object.has("intelRdt")) refuse(object, "intelRdt", "ctl does not write to resctrl");
    if (!object.keys("netDevices").empty()) refuse(object, "netDevices", "ctl does not move network devices");
    if (object.has("memoryPolicy")) refuse(object, "memoryPolicy", "ctl does not set a NUMA policy");
    spec.uid_mappings = read_mappings(object, "uidMappings");
    spec.gid_mappings = read_mappings(object, "gidMappings");
    read_namespaces(object, spec);
    read_sysctl(object, spec);
    if (const auto resources = object.object("resources")) spec.resources = read_resources(*resources);
    spec.cgroups_path = read_cgroups_path(object);
    if (const json* seccomp = object.find("seccomp")) spec.seccomp = read_seccomp(*seccomp, file);
    spec.rootfs_propagation = object.text("rootfsPropagation");
    if (!spec.rootfs_propagation.empty())
        check_word(object, "rootfsPropagation", spec.rootfs_propagation,
                   {"shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"});
    for (const Fields& entry : object.objects("devices")) spec.devices.push_back(read_device(entry));
    read_time_offsets(object, spec);
    spec.mount_label = object.text("mountLabel");
    read_personality(object, spec);
    spec.masked_paths = absolute_paths(object, "maskedPaths");
    spec.readonly_paths = absolute_paths(object, "readonlyPaths");
}

} // namespace oci::spec
