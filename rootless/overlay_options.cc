// See rootless/overlay_options.h.
#include "rootless/overlay_options.h"

#include "base/error.h"
#include "rootless/plan.h"

#include <algorithm>

namespace rootless {
namespace {

/// "/a\:b:/c" is {"/a:b", "/c"}.
std::vector<std::string> split_directories(const std::string& text) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) parts.back() += text[++i];
        else if (text[i] == ':') parts.emplace_back();
        else parts.back() += text[i];
    }
    return parts;
}

/// An empty part is the second colon of "::", which data-only directories follow.
void take_lower(OverlayDirectories& directories, const std::string& text) {
    bool is_data = false;
    for (std::string& part : split_directories(text)) {
        if (part.empty()) is_data = true;
        else (is_data ? directories.data : directories.lower).push_back(std::move(part));
    }
}

std::string escaped(const std::string& path) {
    std::string text;
    for (const char c : path) {
        if (c == ':' || c == '\\') text += '\\';
        text += c;
    }
    return text;
}

} // namespace

OverlayDirectories overlay_directories(const oci::Mount& mount) {
    OverlayDirectories directories;
    for (const auto& [key, value] : parse_mount_options(mount).data) {
        if (key == "lowerdir") take_lower(directories, value);
        else if (key == "upperdir") directories.upper = value;
        else if (key == "workdir") directories.work = value;
        else if (key == "shift" && mount.type == fuse_overlay_type) directories.shift = value;
        else throw Error("mount ", mount.destination, ": unknown option \"", key, "\" for an overlay");
    }
    if (directories.lower.empty()) throw Error("mount ", mount.destination, ": an overlay needs lowerdir=");
    const auto check = [&](const std::string& path) {
        if (!path.empty() && !path.starts_with('/'))
            throw Error("mount ", mount.destination, ": the directory \"", path, "\" is not absolute");
    };
    std::ranges::for_each(directories.lower, check);
    std::ranges::for_each(directories.data, check);
    check(directories.upper);
    check(directories.work);
    return directories;
}

std::string lowerdir_option(const std::vector<std::string>& lower, const std::vector<std::string>& data) {
    std::string text = "lowerdir=";
    for (std::size_t i = 0; i < lower.size(); ++i) text += (i == 0 ? "" : ":") + escaped(lower[i]);
    for (const std::string& path : data) text += "::" + escaped(path);
    return text;
}

} // namespace rootless
