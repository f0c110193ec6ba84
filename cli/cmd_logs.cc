// ctl logs.
#include "base/sys.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/values.h"
#include "lib/containers.h"
#include "lib/logs.h"
#include "lib/time_point.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace cli {
namespace {

/// What the container printed goes out as it is: it is the container's output, not a name in one of our tables.
void write_entry(const lib::LogEntry& entry, bool timestamps) {
    std::string text;
    if (timestamps && entry.starts_line) {
        const auto time = lib::format_rfc3339(entry.record.time_ns);
        text.append(time.data(), time.size());
        text += ' ';
    }
    text += entry.record.text;
    if (entry.record.ends_line) text += '\n';
    if (entry.record.stream == lib::LogStream::out) {
        print(text);
        return;
    }
    try {
        sys::write_all(STDERR_FILENO, text, "standard error");
    } catch (const SysError& e) {
        if (e.err() == EPIPE) throw OutputClosed();
        throw;
    }
}

} // namespace

int cmd_logs(const ParsedCommand& command, const Globals& globals) {
    lib::LogsRequest request;
    const std::int64_t now = sys::realtime_ns();
    if (const auto tail = command.find("tail"); tail && *tail != "all" && *tail != "-1") // both are Podman's "all"
        request.tail = static_cast<std::uint64_t>(parse_integer("tail", *tail, 0));
    if (const auto since = command.find("since")) request.since = lib::parse_time_point(*since, now);
    if (const auto until = command.find("until")) request.until = lib::parse_time_point(*until, now);
    const bool timestamps = command.is_on("timestamps");

    const lib::Engine engine = globals.make_engine();
    const std::string& name = command.arguments.front();
    request.path = lib::log_path(engine, name);
    if (!sys::find_stat_at(AT_FDCWD, request.path)) return 0; // never started: it has printed nothing
    UniqueFd ended;
    if (command.is_on("follow")) {
        ended = lib::open_end_watch(engine, name);
        request.follow = static_cast<bool>(ended); // one that has ended prints nothing more
        request.ended_fd = ended.get();
    }
    lib::read_logs(request, [&](const lib::LogEntry& entry) {
        write_entry(entry, timestamps);
        return true;
    });
    return 0;
}

} // namespace cli
