// How a push writes layers and manifests, of the options that push and manifest push have.
#pragma once

#include "cli/parse.h"
#include "lib/push.h"

#include <map>
#include <string>

namespace cli {

/// gzip or zstd. Throws Error, naming the option.
std::string checked_compression(const std::string& option, const std::string& text);
/// Of --format: oci, v2s2, or empty where it is not there. Throws Error.
std::string checked_format(const ParsedCommand& command);

/// Throws Error.
lib::PackingOptions packing_options(const ParsedCommand& command);

/// Of --sign-by and --sign-passphrase-file. Throws Error for the second alone.
lib::SignOptions sign_options(const ParsedCommand& command);

/// Of --annotation. Throws Error for what is not NAME=VALUE.
std::map<std::string, std::string> annotations_of(const ParsedCommand& command);

/// Where --digestfile says, if it is there.
void write_digest_file(const ParsedCommand& command, const std::string& digest);

} // namespace cli
