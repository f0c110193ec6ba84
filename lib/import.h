// import: an image of one layer from the tar of a file system, as `export` writes it.
#pragma once

#include "lib/engine.h"
#include "lib/run.h"

#include <string>
#include <vector>

namespace lib {

struct ImportRequest {
    std::string source;               ///< for the history: the path, "-", or a URL
    int fd = -1;                      ///< the tar, plain or compressed with gzip or zstd; -1: the source is an http or https URL
    std::string name;                 ///< empty: none
    std::vector<std::string> changes; ///< instructions, as of commit
    std::string message;
    std::string signature_policy;     ///< --signature-policy
    std::string platform;             ///< os/architecture[/variant]; empty: this machine's
};

/// The image's id, 64 hexadecimal digits.
std::string import_image(Engine& engine, const ImportRequest& request, const Callbacks& callbacks);

} // namespace lib
