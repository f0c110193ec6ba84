// ctl image copy.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/copy_options.h"
#include "cli/output.h"
#include "cli/platform_options.h"
#include "cli/progress.h"
#include "cli/push_options.h"
#include "cli/values.h"
#include "lib/copy_image.h"

#include <algorithm>

namespace cli {
namespace {

lib::IndexCopy index_copy(const ParsedCommand& command) {
    const std::string which = command.find("multi-arch").value_or("");
    if (command.is_on("all") && !which.empty() && which != "all") throw Error("image copy: --all and --multi-arch ", which, " exclude each other");
    if (command.is_on("all") || which == "all") return lib::IndexCopy::all;
    if (which == "index-only") return lib::IndexCopy::index;
    if (which.empty() || which == "system") return lib::IndexCopy::one;
    throw Error("image copy: --multi-arch: \"", which, "\" is not one of system, all, index-only");
}

lib::PackingOptions packing(const ParsedCommand& command, bool to_dir) {
    lib::PackingOptions packing = look_options_of(command);
    if (const auto format = command.find("dest-compress-format")) packing.compression = checked_compression("--dest-compress-format", *format);
    if (const auto level = command.find("dest-compress-level"))
        packing.level = static_cast<int>(std::min<std::int64_t>(100, parse_integer("dest-compress-level", *level, 1)));
    const bool compress = command.is_on("dest-compress"), decompress = command.is_on("dest-decompress");
    if ((compress || decompress) && !to_dir) throw Error("image copy: --dest-compress and --dest-decompress are for destinations that begin with dir:");
    if (compress && decompress) throw Error("image copy: --dest-compress and --dest-decompress exclude each other");
    if (packing.level && packing.compression.empty() && !compress)
        throw Error("image copy: --dest-compress-level needs --dest-compress-format: without it layers stay as they are");
    if (compress) packing.fallback = "gzip";
    if (decompress) packing.compression = "none";
    return packing;
}

} // namespace

int cmd_image_copy(const ParsedCommand& command, const Globals& globals) {
    lib::ImageCopyRequest request;
    request.source = command.arguments[0];
    request.destination = command.arguments[1];
    request.platform = wanted_platform(command);
    request.images = index_copy(command);
    request.packing = packing(command, request.destination.starts_with("dir:"));
    request.additional_tags = command.list("additional-tag");
    request.source_registry = side_registry_options(command, "src");
    request.destination_registry = side_registry_options(command, "dest");
    lib::Engine engine = globals.make_engine();
    const bool quiet = command.is_on("quiet");
    const lib::ImageCopyResult result = lib::copy_image(engine, request, make_callbacks(quiet));
    write_digest_file(command, result.digest);
    if (!quiet) print_notice(cat("copied to ", escaped(request.destination), " with ", result.changed ? "the new " : "", "digest ", result.digest));
    return 0;
}

} // namespace cli
