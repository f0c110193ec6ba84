// See cli/push_options.h.
#include "cli/push_options.h"

#include "base/error.h"
#include "base/sys.h"
#include "cli/values.h"

#include <fcntl.h>

#include <algorithm>

namespace cli {

std::string checked_compression(const std::string& option, const std::string& text) {
    if (text == "gzip" || text == "zstd") return text;
    if (text == "zstd:chunked") throw Error(option, " zstd:chunked is not supported yet; zstd is");
    throw Error(option, ": \"", text, "\" is not one of gzip, zstd");
}

std::string checked_format(const ParsedCommand& command) {
    const std::string format = command.find("format").value_or("");
    if (format == "v2s1") throw Error(command.spec().name, ": --format v2s1 is not possible: registries do not take Docker's schema 1 any more; write v2s2 or oci");
    if (!format.empty() && format != "oci" && format != "v2s2") throw Error(command.spec().name, ": --format: \"", format, "\" is not one of oci, v2s2");
    return format;
}

lib::PackingOptions packing_options(const ParsedCommand& command) {
    lib::PackingOptions packing;
    packing.format = checked_format(command);
    if (const auto compression = command.find("compression-format")) packing.compression = checked_compression("--compression-format", *compression);
    else if (command.is_on("force-compression")) packing.compression = "gzip";
    if (const auto level = command.find("compression-level")) packing.level = static_cast<int>(std::min<std::int64_t>(100, parse_integer("compression-level", *level, 1)));
    return packing;
}

lib::SignOptions sign_options(const ParsedCommand& command) {
    lib::SignOptions options{command.find("sign-by").value_or(""), command.find("sign-passphrase-file").value_or("")};
    if (!options.passphrase_file.empty() && options.key.empty()) throw Error(command.spec().name, ": --sign-passphrase-file is for --sign-by");
    return options;
}

std::map<std::string, std::string> annotations_of(const ParsedCommand& command) {
    std::map<std::string, std::string> map;
    for (const std::string& word : command.list("annotation")) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0) throw Error("--annotation: \"", word, "\" is not NAME=VALUE");
        map[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return map;
}

void write_digest_file(const ParsedCommand& command, const std::string& digest) {
    if (const auto file = command.find("digestfile"))
        sys::write_all(sys::open(*file, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0644).get(), digest, *file);
}

} // namespace cli
