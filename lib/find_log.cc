// Which files a container's log is, and when it is complete; see lib/logs.h.
#include "lib/container_store.h"
#include "lib/logs.h"

#include "base/error.h"
#include "base/sys.h"

#include <fcntl.h>

#include <memory>

namespace lib {
namespace {

/// A pidfd of the monitor, which writes the log: readable once that is complete. Empty when there is none.
UniqueFd open_end_watch(const ContainerDir& dir) {
    const int monitor = dir.load_state().monitor_pid;
    auto watch = monitor > 0 ? sys::pidfd_open(monitor) : std::nullopt;
    // As long as the lock is held the pid is the monitor's and not one that has been given to another process since.
    return watch && dir.has_monitor() ? std::move(*watch) : UniqueFd();
}

/// After the end of a run: the next one, if the container is being started again. Whoever does holds its lock, and `ctl restart`
/// another one from before the end on.
UniqueFd find_next_run(const ContainerDir& dir) {
    try {
        dir.wait_while_restarting();
        { const FileLock starting = dir.lock(); }
        return open_end_watch(dir);
    } catch (const Error&) {
        return {}; // removed meanwhile
    }
}

/// The journal has stored everything of a container that ended this long ago, and what has not come by now will not.
constexpr std::int64_t settled_ns = 10'000'000'000;

JournalSource journal_of(const ContainerDir& dir) {
    JournalSource source{dir.id(), helper_path("ctl-journal"), 0};
    const std::int64_t finished = dir.load_state().finished;
    if (!dir.has_monitor() && finished > sys::realtime_ns() - settled_ns) source.complete_after = finished;
    return source;
}

LogSource files_of(const ContainerDir& dir, const LogSettings& log) {
    return {log.path.empty() ? dir.path() + "/ctr.log" : log.path,
            log.driver == LogDriver::json_file ? LogFormat::json : LogFormat::k8s, log.limits().max_files};
}

} // namespace

std::optional<LogTarget> find_log(const Engine& engine, const std::string& id_or_name, bool follow) {
    const auto dir = std::make_shared<ContainerDir>(ContainerDir::open(engine, id_or_name));
    const ContainerRecord record = dir->load_record();
    LogTarget target;
    target.name = record.name;
    target.tag = record.log.tag;
    if (record.log.driver == LogDriver::journald) {
        target.journal = journal_of(*dir);
    } else if (record.log.keeps_file()) {
        target.source = files_of(*dir, record.log);
        if (!sys::find_stat_at(AT_FDCWD, target.source.path)) return std::nullopt; // never started: it has printed nothing
    } else {
        throw Error("this container is using the '", to_string(record.log.driver),
                    "' log driver, cannot read logs: this container is not logging output");
    }
    if (!follow) return target;
    const std::int64_t now = sys::realtime_ns();
    target.ended = open_end_watch(*dir);
    target.next_run = [dir] { return find_next_run(*dir); };
    if (target.ended && target.journal) target.journal->complete_after = now; // of the monitor that lives now
    return target;
}

} // namespace lib
