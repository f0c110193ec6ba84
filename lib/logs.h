// `ctl logs`: selects and follows the records of one container's log.
#pragma once

#include "lib/log_file.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace lib {

struct LogsRequest {
    std::string path;                  ///< of ctr.log
    std::optional<std::uint64_t> tail; ///< the last so many lines only; since and until then choose among those
    std::optional<std::int64_t> since; ///< records from this point of time on (parse_time_point)
    std::optional<std::int64_t> until; ///< records up to this point of time; following ends there, too
    bool follow = false;
    /// With follow: a borrowed descriptor that becomes readable once the container has ended and its log is complete,
    /// such as a pidfd of the monitor (which writes the log, so nothing can come after its end). -1: follow until the
    /// callback has enough.
    int ended_fd = -1;
};

struct LogEntry {
    LogRecord record;
    bool starts_line = true; ///< the first record of its line: where --timestamps puts format_rfc3339(record.time_ns)
};

/// Called for each record in the order of the file; false means enough.
using LogSink = std::function<bool(const LogEntry&)>;

/// Delivers the chosen records. Following waits on inotify and never polls. Throws SysError when the log cannot be read
/// or watched; what the sink throws passes through.
void read_logs(const LogsRequest& request, const LogSink& sink);

} // namespace lib
