// `-e` and `--env-file`: the environment a container starts with.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

using Environment = std::map<std::string, std::string, std::less<>>;

/// "KEY=VALUE" strings (environ, an image's Env) as a map, the last of a name winning; strings without a name are skipped.
Environment parse_environment(const std::vector<std::string>& strings);
/// And back, sorted by name.
std::vector<std::string> environment_strings(const Environment& environment);

/// One `-e`: KEY=VALUE; KEY takes the caller's value from `host`, nothing where it has none; PREFIX* takes all of the
/// caller's that begin so. A value may have several lines. Throws Error for an empty name, white space or
/// control characters in a name, and NUL anywhere (CVE-2022-4318's class).
void apply_env_option(Environment& environment, std::string_view option, const Environment& host);

/// An --env-file: one option per line as above; empty lines and lines that begin with # are skipped, a carriage return at
/// the end of a line is dropped, quotes are part of the value. Errors name `file` and the line.
void apply_env_file(Environment& environment, std::string_view text, std::string_view file, const Environment& host);

} // namespace lib
