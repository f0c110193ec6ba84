// Which image of an index, see cli/platform_options.h.
#include "cli/platform_options.h"

#include "base/error.h"
#include "base/oci/platform.h"

namespace cli {

std::string wanted_platform(const ParsedCommand& command) {
    const auto os = command.find("os");
    const auto architecture = command.find("arch");
    const auto variant = command.find("variant");
    if (const auto platform = find_option(command.spec(), "platform") != nullptr ? command.find("platform") : std::nullopt) {
        if (os || architecture || variant)
            throw Error(command.spec().name, ": --platform and --os, --arch or --variant exclude each other");
        return oci::parse_platform(*platform).str();
    }
    if (!os && !architecture && !variant) return {};
    const oci::Platform host = oci::host_platform();
    return oci::parse_platform(cat(os.value_or(host.os), "/", architecture.value_or(host.architecture), variant ? "/" : "",
                                   variant.value_or("")))
        .str();
}

} // namespace cli
