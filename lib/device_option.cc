// Devices as binds; see lib/device_option.h.
#include "lib/device_option.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "lib/mount_option.h"

#include <sys/stat.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace lib {
namespace {

bool are_permissions(const std::string& text) {
    return !text.empty() && text.size() <= 3 && text.find_first_not_of("rwm") == std::string::npos
           && std::ranges::all_of(text, [&](char c) { return std::ranges::count(text, c) == 1; });
}

bool is_device(const struct stat& st) { return S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode); }

oci::Mount bind_of(const std::string& host, const std::string& container) {
    return {check_destination("--device", container, MountKind::bind, host), "bind", host, {"bind", "rprivate", "nosuid", "noexec"}};
}

void add_directory(std::vector<oci::Mount>& mounts, const std::string& host, const std::string& container) {
    std::vector<std::string> names = files::list(AT_FDCWD, host);
    std::ranges::sort(names);
    for (const std::string& name : names) {
        const std::string path = cat(host, "/", name);
        struct stat st {};
        if (::stat(path.c_str(), &st) != 0) continue; // gone, or a link that leads nowhere
        if (S_ISDIR(st.st_mode)) add_directory(mounts, path, cat(container, "/", name));
        else if (is_device(st)) mounts.push_back(bind_of(path, cat(container, "/", name)));
    }
}

} // namespace

DeviceRequest parse_device_option(const std::string& text) {
    std::vector<std::string> parts(1);
    for (const char c : text)
        if (c == ':') parts.emplace_back();
        else parts.back() += c;
    const auto fail = [&](const std::string& why) { throw Error("--device ", text, ": ", why); };
    if (parts.size() > 3) fail("expected HOST[:CONTAINER][:PERMISSIONS]");
    DeviceRequest request;
    request.host = parts[0];
    request.container = parts[0];
    if (parts.size() == 3) request.permissions = parts[2];
    if (parts.size() >= 2 && parts[1].starts_with('/')) request.container = parts[1];
    else if (parts.size() == 2) request.permissions = parts[1];
    else if (parts.size() == 3) fail("the path in the container is not absolute");
    if (!request.host.starts_with('/')) fail("the device is not an absolute path");
    if (!are_permissions(request.permissions)) fail(cat("permissions \"", request.permissions, "\" are not of r, w and m"));
    return request;
}

bool is_cdi_name(const std::string& text) {
    const auto slash = text.find('/'), equals = text.find('=');
    return !text.starts_with('/') && slash != std::string::npos && equals != std::string::npos && slash < equals;
}

std::vector<oci::Mount> device_mounts(const DeviceRequest& request) {
    struct stat st {};
    if (::stat(request.host.c_str(), &st) != 0) throw SysError{errno, cat("--device ", request.host)};
    if (is_device(st)) return {bind_of(request.host, request.container)};
    if (!S_ISDIR(st.st_mode)) throw Error("--device ", request.host, ": neither a device nor a directory of devices");
    std::vector<oci::Mount> mounts;
    add_directory(mounts, request.host, request.container);
    if (mounts.empty()) throw Error("--device ", request.host, ": there is no device in that directory");
    return mounts;
}

std::vector<std::string> gpu_names(const std::string& text) {
    std::vector<std::string> names;
    std::string rest = text + ",";
    for (std::size_t comma; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
        std::string word = rest.substr(0, comma);
        if (word.starts_with("device=")) word.erase(0, 7);
        if (word.empty() || word.find('=') != std::string::npos) throw Error("--gpus \"", text, "\": expected all, or the GPUs' numbers or names");
        names.push_back("nvidia.com/gpu=" + word);
    }
    return names;
}

} // namespace lib
