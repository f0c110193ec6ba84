// See cli/push_options.h.
#include "cli/push_options.h"

#include "base/error.h"
#include "cli/values.h"

#include <algorithm>

namespace cli {
namespace {

std::string checked_compression(const std::string& text) {
    if (text == "gzip" || text == "zstd") return text;
    if (text == "zstd:chunked") throw Error("--compression-format zstd:chunked is not supported yet; zstd is");
    throw Error("--compression-format: \"", text, "\" is not one of gzip, zstd");
}

} // namespace

lib::PackingOptions packing_options(const ParsedCommand& command) {
    lib::PackingOptions packing;
    packing.format = command.find("format").value_or("");
    if (packing.format == "v2s1") throw Error(command.spec().name, ": --format v2s1 is not possible: registries do not take Docker's schema 1 any more; write v2s2 or oci");
    if (!packing.format.empty() && packing.format != "oci" && packing.format != "v2s2")
        throw Error(command.spec().name, ": --format: \"", packing.format, "\" is not one of oci, v2s2");
    if (const auto compression = command.find("compression-format")) packing.compression = checked_compression(*compression);
    else if (command.is_on("force-compression")) packing.compression = "gzip";
    if (const auto level = command.find("compression-level")) packing.level = static_cast<int>(std::min<std::int64_t>(100, parse_integer("compression-level", *level, 1)));
    return packing;
}

} // namespace cli
