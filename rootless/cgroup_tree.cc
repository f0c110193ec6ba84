// Where a host's cgroups are: /proc/PID/cgroup joined with /proc/self/mountinfo (cgroups(7), proc(5)).
#include "rootless/cgroup_tree.h"

#include "base/error.h"
#include "base/files.h"

#include <optional>
#include <sstream>

namespace rootless::cgroup_tree {

namespace {

struct Mount {
    std::string root;
    std::string point;
    std::string type;
    std::string options; ///< of the super block: the controllers of a v1 hierarchy are among them
};

std::vector<Mount> read_mounts(const std::string& file) {
    std::vector<Mount> mounts;
    std::istringstream lines(files::find(file).value_or(""));
    for (std::string line; std::getline(lines, line);) {
        const auto separator = line.find(" - "); // optional fields end there
        if (separator == std::string::npos) continue;
        const auto left = words(std::string_view(line).substr(0, separator));
        const auto right = words(std::string_view(line).substr(separator + 3));
        if (left.size() >= 6 && right.size() >= 3) mounts.push_back({left[3], left[4], right[0], right[2]});
    }
    return mounts;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

bool has_option(const Mount& mount, const std::string& option) {
    for (const std::string& found : split(mount.options, ','))
        if (found == option) return true;
    return false;
}

/// The directory of cgroup `path` below a mount that shows the subtree `mount.root`; "" when it lies outside of it.
std::string below(const std::string& prefix, const Mount& mount, const std::string& path) {
    std::string inside = path == "/" ? "" : path;
    if (mount.root != "/") {
        if (inside != mount.root && !inside.starts_with(mount.root + "/")) return {};
        inside.erase(0, mount.root.size());
    }
    if (inside.starts_with("/..")) return {}; // outside of our cgroup namespace
    return prefix + mount.point + inside;
}

} // namespace

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> found;
    std::istringstream stream{std::string(text)};
    for (std::string word; stream >> word;) found.push_back(word);
    return found;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string joined;
    for (const std::string& part : parts) {
        if (!joined.empty()) joined += separator;
        joined += part;
    }
    return joined;
}

std::string up_to(const std::string& directory, const std::string& name) {
    const std::string whole = directory + "/";
    const auto at = whole.find("/" + name + "/");
    return at == std::string::npos ? std::string() : whole.substr(0, at + 1 + name.size());
}

Hierarchies read_hierarchies(const std::string& root, const std::string& process) {
    const std::vector<Mount> mounts = read_mounts(root + "/proc/self/mountinfo");
    Hierarchies hierarchies;
    std::optional<Mount> unified;
    for (const Mount& mount : mounts)
        if (mount.type == "cgroup2" && !unified) unified = mount;
    if (unified) hierarchies.unified = root + unified->point;

    std::istringstream lines(files::find(cat(root, "/proc/", process, "/cgroup")).value_or(""));
    for (std::string line; std::getline(lines, line);) { // hierarchy:controllers:path
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (line.starts_with("0:")) {
            if (unified) hierarchies.own = below(root, *unified, path);
            continue;
        }
        for (const std::string& controller : split(controllers, ',')) {
            std::string& point = hierarchies.v1[controller];
            for (const Mount& mount : mounts)
                if (mount.type == "cgroup" && has_option(mount, controller)) point = mount.point;
        }
    }
    return hierarchies;
}

} // namespace rootless::cgroup_tree
