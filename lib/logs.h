// `ctl logs`: selects, follows and merges the records of containers' logs.
#pragma once

#include "base/unique_fd.h"
#include "lib/engine.h"
#include "lib/log_file.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// The part of the journal that is a container's (--log-driver=journald).
struct JournalSource {
    std::string id;     ///< the container's
    std::string reader; ///< absolute path of ctl-journal
    /// The journal takes its time. What was written is complete once its end was seen to be written at this time or later
    /// (CTL_LOG_END); that is waited for, but not for long. 0: what is there is enough.
    std::int64_t complete_after = 0;
};

/// One log to be read.
struct LogTarget {
    std::string name; ///< of the container
    LogSource source;
    /// When following: readable once the container has ended and its log is complete, such as a pidfd of the monitor (which
    /// writes the log, so nothing can come after its end). Empty: it does not run, and what there is now is all.
    UniqueFd ended;
    /// Asked when `ended` was readable: the same for the run that follows, where the container was started again.
    std::function<UniqueFd()> next_run;
    std::optional<JournalSource> journal; ///< instead of `source`
    std::string tag{}; ///< of the log (--log-opt tag=)
};

struct LogsRequest {
    std::vector<LogTarget> logs;
    std::optional<std::uint64_t> tail; ///< of each log the last so many lines only; since and until then choose among those
    std::optional<std::int64_t> since; ///< records from this point of time on (parse_time_point)
    std::optional<std::int64_t> until; ///< records up to this point of time; following ends there, too
    bool follow = false;
    std::function<void()> caught_up; ///< called when everything that is there was delivered, before waiting for more
};

struct LogEntry {
    std::size_t log = 0;      ///< index in LogsRequest::logs
    LogRecord record;         ///< valid during the call
    bool starts_line = true;  ///< the first record of its line: where --timestamps puts format_rfc3339(record.time_ns)
};

/// Called for each record; false means enough.
using LogSink = std::function<bool(const LogEntry&)>;

/// Delivers the chosen records, those of several logs in the order of their times. Following waits on inotify and never
/// polls; it goes on in the new file when a log is rotated. Throws SysError when a log cannot be read or watched; what the
/// sink throws passes through.
void read_logs(LogsRequest request, const LogSink& sink);

/// The log of a container, and with `follow` its end. Throws Error for a log driver that cannot be read. nullopt when nothing
/// was ever printed.
std::optional<LogTarget> find_log(const Engine& engine, const std::string& id_or_name, bool follow);

} // namespace lib
