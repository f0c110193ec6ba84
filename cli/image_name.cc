// See cli/image_name.h.
#include "cli/image_name.h"

namespace cli {

ImageName split_image_name(const std::string& name) {
    const auto colon = name.rfind(':');
    const auto slash = name.rfind('/');
    const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash); // not a host's port
    return {name.substr(0, tagged ? colon : std::string::npos), tagged ? name.substr(colon + 1) : "<none>"};
}

} // namespace cli
