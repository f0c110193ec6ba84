// Names of images in tables.
#pragma once

#include <string>

namespace cli {

struct ImageName {
    std::string repository = "<none>";
    std::string tag = "<none>";
};

/// "host:5000/app:1" as "host:5000/app" and "1".
ImageName split_image_name(const std::string& name);

} // namespace cli
