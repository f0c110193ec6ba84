// See lib/source_request.h.
#include "lib/source_request.h"

#include "base/error.h"
#include "base/oci/reference.h"
#include "base/sys.h"

#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <fcntl.h>

namespace lib {

using nlohmann::json;

ImageOrigin origin_of(const ImagePlace& place) {
    return place.transport == "docker" ? registry_origin(oci::parse_reference(place.name)) : file_origin(place.transport, place.path);
}

json source_request(const Engine& engine, const ImagePlace& place, const RegistryOptions& options, const Notice& notice) {
    json document{{"transport", place.transport}, {"path", place.is_archive() ? "" : place.path}, {"name", place.name}};
    if (place.transport != "docker") return document;
    const oci::Reference reference = oci::parse_reference(place.name);
    const RegistryAccess access(engine, options, notice);
    document["reference"] = reference.digest ? reference.digest->str() : reference.tag;
    document["sources"] = access.sources(reference);
    document["access"] = access.access();
    return document;
}

SourceArchive::SourceArchive(const ImagePlace& place) {
    if (!place.is_archive()) return;
    fd_ = sys::open(place.path, O_RDONLY | O_NOCTTY);
    // Its policy is that of archives, and a directory has another one.
    if (S_ISDIR(sys::fstat(fd_->get(), place.path).st_mode)) throw Error(oci::printable(place.text), ": is a directory, write oci: or dir:");
}

OpenExtra SourceArchive::opener() const {
    if (!fd_) return {};
    return [fd = fd_->get()] { return sys::dup(fd); };
}

} // namespace lib
