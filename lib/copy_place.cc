// See lib/copy_place.h.
#include "lib/copy_place.h"

#include "base/error.h"
#include "base/sys.h"
#include "rootless/layer_view.h"

#include <fcntl.h>

#include <cerrno>

namespace lib {
namespace {

constexpr int most_links = 40; // path_resolution(7)

/// Opens what `path` leads to; nullopt where there is nothing.
std::optional<UniqueFd> find_on(const CopySide& side, const std::string& path) {
    if (side.root >= 0) return rootless::find_in(side.root, path, rootless::LastLink::followed);
    UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (fd) return fd;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw SysError{errno, path};
}

/// "dir/sub" → "dir/" and "sub".
std::pair<std::string, std::string> split_last(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::pair{std::string(), path} : std::pair{path.substr(0, slash + 1), path.substr(slash + 1)};
}

bool has_own_name(const std::string& name) { return !name.empty() && name != "." && name != ".."; }

void take(CopyPlace& place, UniqueFd fd, const std::string& path) {
    place.st = sys::fstat(fd.get(), path);
    place.thing = std::move(fd);
}

} // namespace

CopyPlace find_copy_place(const CopySide& side, const std::string& path) {
    if (path.empty()) throw Error("an empty path ", side.label);
    std::string current = path;
    for (int links = 0; links < most_links; ++links) {
        const auto [directory, name] = split_last(current);
        CopyPlace place;
        if (!has_own_name(name)) { // a directory by its spelling: it has to be there
            if (auto fd = find_on(side, current)) take(place, std::move(*fd), path);
            return place;
        }
        auto parent = find_on(side, directory.empty() ? "." : directory);
        if (!parent) throw Error(path, " could not be found ", side.label, ": there is no directory ", directory);
        place.parent = std::move(*parent);
        place.name = name;
        auto fd = rootless::find_in(place.parent.get(), name, rootless::LastLink::kept);
        if (!fd) return place;
        take(place, std::move(*fd), path);
        if (!S_ISLNK(place.st.st_mode)) return place;
        const std::string target = sys::find_link_at(place.thing.get(), "").value_or("");
        if (target.empty()) throw Error(path, " could not be read ", side.label);
        current = target.starts_with('/') ? target : directory + target;
    }
    throw Error(path, " ", side.label, ": too many levels of symbolic links");
}

CopyPlace find_copy_source(const CopySide& side, const std::string& path) {
    CopyPlace place;
    if (auto fd = path.empty() ? std::nullopt : find_on(side, path)) take(place, std::move(*fd), path);
    if (!place.exists()) throw Error("\"", path, "\" could not be found ", side.label);
    return place;
}

std::string copy_base_name(const std::string& path) {
    std::string trimmed = path;
    while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
    const std::string name = split_last(trimmed).second;
    return has_own_name(name) ? name : "";
}

} // namespace lib
