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

/// After the end of a run: the next one, if the container is being started again (whoever does holds its lock).
UniqueFd find_next_run(const ContainerDir& dir) {
    try {
        { const FileLock starting = dir.lock(); }
        return open_end_watch(dir);
    } catch (const Error&) {
        return {}; // removed meanwhile
    }
}

[[noreturn]] void throw_unreadable(const ContainerRecord& record) {
    if (record.log.driver == LogDriver::journald)
        throw Error("container ", record.name, " logs to the journal: read it with journalctl CONTAINER_NAME=", record.name);
    throw Error("this container is using the '", to_string(record.log.driver),
                "' log driver, cannot read logs: this container is not logging output");
}

} // namespace

std::optional<LogTarget> find_log(const Engine& engine, const std::string& id_or_name, bool follow) {
    const auto dir = std::make_shared<ContainerDir>(ContainerDir::open(engine, id_or_name));
    const ContainerRecord record = dir->load_record();
    if (!record.log.keeps_file()) throw_unreadable(record);
    LogTarget target;
    target.name = record.name;
    target.source.path = record.log.path.empty() ? dir->path() + "/ctr.log" : record.log.path;
    target.source.format = record.log.driver == LogDriver::json_file ? LogFormat::json : LogFormat::k8s;
    target.source.max_files = record.log.limits().max_files;
    if (!sys::find_stat_at(AT_FDCWD, target.source.path)) return std::nullopt; // never started: it has printed nothing
    if (follow) {
        target.ended = open_end_watch(*dir);
        target.next_run = [dir] { return find_next_run(*dir); };
    }
    return target;
}

} // namespace lib
