// What the kernel tells about the machine, see lib/info_host.h.
#include "lib/info_host.h"

#include "base/error.h"
#include "base/files.h"
#include "base/oci/platform.h"
#include "rootless/caps.h"

#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <map>
#include <sstream>

namespace lib {
namespace {

using nlohmann::json;

bool exists(const char* path) { return ::access(path, F_OK) == 0; }

/// "NAME=value" and "Name: value" lines, quotes taken off.
std::map<std::string, std::string> read_pairs(const std::string& path, char separator) {
    std::map<std::string, std::string> pairs;
    std::istringstream lines(files::find(path).value_or(""));
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find(separator);
        if (at == std::string::npos) continue;
        std::string value = line.substr(at + 1);
        value.erase(0, value.find_first_not_of(" \""));
        value.erase(value.find_last_not_of(" \"") + 1);
        pairs[line.substr(0, at)] = value;
    }
    return pairs;
}

std::int64_t kilobytes(const std::map<std::string, std::string>& meminfo, const char* name) {
    const auto found = meminfo.find(name);
    return found == meminfo.end() ? 0 : std::atoll(found->second.c_str()) * 1024;
}

json distribution_document() {
    auto release = read_pairs("/etc/os-release", '=');
    json document{{"distribution", release["ID"]}, {"version", release["VERSION_ID"]}};
    if (!release["VERSION_CODENAME"].empty()) document["codename"] = release["VERSION_CODENAME"];
    if (!release["VARIANT_ID"].empty()) document["variant"] = release["VARIANT_ID"];
    return document;
}

/// "3h 12m 7.25s".
std::string uptime_text() {
    const double seconds = std::atof(files::find("/proc/uptime").value_or("0").c_str());
    const auto minutes = static_cast<long>(seconds / 60);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%ldh %ldm %.2fs", minutes / 60, minutes % 60, seconds - 60.0 * static_cast<double>(minutes));
    return text.data();
}

std::string cgroup_version() {
    if (exists("/sys/fs/cgroup/cgroup.controllers")) return "v2";
    return exists("/sys/fs/cgroup/unified/cgroup.controllers") ? "hybrid" : "v1";
}

/// Those that the caller's own cgroup has, on cgroup v2.
json cgroup_controllers() {
    json list = json::array();
    std::istringstream lines(files::find("/proc/self/cgroup").value_or(""));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("0::")) continue;
        std::istringstream words(files::find(cat("/sys/fs/cgroup", line.substr(3), "/cgroup.controllers")).value_or(""));
        for (std::string word; words >> word;) list.push_back(word);
    }
    return list;
}

/// What makes cgroups for containers with limits (docs/limits.md): the user's systemd where there is one.
std::string cgroup_manager() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    return runtime != nullptr && exists(cat(runtime, "/systemd/private").c_str()) ? "systemd" : "cgroupfs";
}

json security_document() {
    std::string capabilities;
    for (const std::string& name : rootless::capability_names(rootless::default_caps()))
        capabilities += (capabilities.empty() ? "" : ",") + name;
    return {{"apparmorEnabled", false}, // ctl loads no profiles, and neither SELinux labels
            {"capabilities", capabilities},
            {"rootless", ::geteuid() != 0},
            {"seccompEnabled", true},
            {"seccompProfilePath", ""},
            {"selinuxEnabled", false}};
}

} // namespace

json host_document() {
    struct utsname names {};
    ::uname(&names);
    const auto memory = read_pairs("/proc/meminfo", ':');
    const oci::Platform platform = oci::host_platform();
    return {{"arch", platform.architecture},
            {"cgroupControllers", cgroup_controllers()},
            {"cgroupManager", cgroup_manager()},
            {"cgroupVersion", cgroup_version()},
            {"cpus", ::sysconf(_SC_NPROCESSORS_ONLN)},
            {"distribution", distribution_document()},
            {"hostname", names.nodename},
            {"kernel", names.release},
            {"linkmode", "static"},
            {"logDriver", "k8s-file"},
            {"memFree", kilobytes(memory, "MemFree")},
            {"memTotal", kilobytes(memory, "MemTotal")},
            {"ociRuntime", {{"name", "ctl"}, {"package", ""}, {"path", ""}, {"version", ""}}},
            {"os", "linux"},
            {"security", security_document()},
            {"serviceIsRemote", false},
            {"swapFree", kilobytes(memory, "SwapFree")},
            {"swapTotal", kilobytes(memory, "SwapTotal")},
            {"uptime", uptime_text()},
            {"variant", platform.variant}};
}

std::string file_system_name(const std::string& directory) {
    struct statfs found {};
    if (::statfs(directory.c_str(), &found) != 0) return "unknown";
    const std::map<unsigned long, const char*> names{{0xEF53, "extfs"},      {0x58465342, "xfs"},   {0x9123683E, "btrfs"},
                                                     {0x01021994, "tmpfs"},  {0x2FC12FC1, "zfs"},   {0xF2F52010, "f2fs"},
                                                     {0x794c7630, "overlayfs"}, {0x6969, "nfs"},    {0x65735546, "fuse"}};
    const auto name = names.find(static_cast<unsigned long>(found.f_type));
    if (name != names.end()) return name->second;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "0x%lx", static_cast<unsigned long>(found.f_type));
    return text.data();
}

} // namespace lib
