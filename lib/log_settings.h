// What `--log-driver` and `--log-opt` ask for.
#pragma once

#include "lib/log_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

enum class LogDriver {
    k8s_file,        ///< Podman's file format, rotated
    json_file,       ///< Docker's, rotated
    journald,        ///< the system's journal
    none,            ///< nothing is kept
    passthrough,     ///< the container gets the standard streams of the command that starts it
    passthrough_tty, ///< the same, a terminal allowed
};
std::string to_string(LogDriver driver); ///< "k8s-file", …

struct LogSettings {
    LogDriver driver = LogDriver::k8s_file;
    std::string path;                         ///< of the file; empty: ctr.log in the container's directory
    std::int64_t max_size = 20 << 20;         ///< bytes of one file; 0: no limit
    int max_files = 5;                        ///< the current one included
    std::string tag;                          ///< journald and json-file

    bool keeps_file() const noexcept { return driver == LogDriver::k8s_file || driver == LogDriver::json_file; }
    bool passes_through() const noexcept { return driver == LogDriver::passthrough || driver == LogDriver::passthrough_tty; }
    LogLimits limits() const noexcept { return {max_size, max_size > 0 ? max_files : 1}; }
};

/// "k8s-file", or what else --log-driver takes. Throws Error that lists them.
LogDriver parse_log_driver(const std::string& name);

/// `driver` as for --log-driver, empty for the default; options are KEY=VALUE of --log-opt: path, max-size, max-file, tag.
/// Throws Error for one that is unknown, or that the driver has no use for.
LogSettings parse_log_settings(const std::string& driver, const std::vector<std::string>& options);

/// What a tag may name of its container.
struct TagSubject {
    std::string id;
    std::string name;
    std::string image;
    std::string image_id; ///< hexadecimal
};
/// Puts in what a tag's {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageName}}, {{.ImageID}} and {{.ImageFullID}} stand for. Throws
/// Error for other templates.
std::string expand_tag(const std::string& tag, const TagSubject& subject);

} // namespace lib
