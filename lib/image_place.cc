// See lib/image_place.h.
#include "lib/image_place.h"

#include "base/error.h"
#include "base/oci/digest.h"

#include <filesystem>
#include <string_view>

namespace lib {

std::optional<ImagePlace> find_file_place(const std::string& text) {
    for (const std::string_view transport : {"oci", "dir", "oci-archive", "docker-archive"}) {
        if (!text.starts_with(cat(transport, ":"))) continue;
        ImagePlace place{std::string(transport), text.substr(transport.size() + 1), {}, text};
        if (const auto colon = place.path.find(':'); colon != std::string::npos && transport != "dir") {
            place.name = place.path.substr(colon + 1);
            place.path.resize(colon);
        }
        if (place.path.empty()) throw Error("\"", oci::printable(text), "\" names no file or directory");
        place.path = std::filesystem::absolute(place.path).string();
        return place;
    }
    return std::nullopt;
}

ImagePlace parse_image_place(const std::string& text) {
    if (auto place = find_file_place(text)) return *std::move(place);
    constexpr std::string_view docker = "docker://", storage = "containers-storage:";
    if (text.starts_with(docker)) return {"docker", {}, text.substr(docker.size()), text};
    for (const std::string_view transport : {"docker-daemon", "ostree", "sif", "tarball", "atomic"})
        if (text.starts_with(cat(transport, ":"))) throw Error("\"", oci::printable(text), "\": the transport ", transport, ": is not supported");
    if (text.find("://") != std::string::npos || text.starts_with("docker:"))
        throw Error("\"", oci::printable(text), "\" is no place of an image: write docker://NAME, oci:DIR[:NAME], oci-archive:FILE[:NAME], "
                    "docker-archive:FILE[:NAME], dir:DIR or containers-storage:NAME");
    ImagePlace place{"containers-storage", {}, text.starts_with(storage) ? text.substr(storage.size()) : text, text};
    if (place.name.starts_with('[')) throw Error("\"", oci::printable(text), "\": the store is that of ctl: leave [...] out, and use ctl --root for another one");
    if (place.name.empty()) throw Error("\"", oci::printable(text), "\" names no image");
    return place;
}

} // namespace lib
