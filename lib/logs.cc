// Selecting, merging and following log records, see lib/logs.h.
#include "lib/logs.h"

#include "lib/log_selection.h"

#include "base/error.h"
#include "base/sys.h"

#include <sys/inotify.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace lib {
namespace {

UniqueFd make_inotify() {
    UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch && errno == EMFILE)
        throw Error("follow a log: no inotify instance is left; end programs that watch files, or raise the sysctl ",
                    "fs.inotify.max_user_instances");
    if (!watch) throw SysError{errno, "make an inotify instance"};
    return watch;
}

void add_watch(int inotify_fd, int fd, std::uint32_t events) {
    if (::inotify_add_watch(inotify_fd, cat("/proc/self/fd/", fd).c_str(), events) < 0)
        throw SysError{errno, "watch the container's log"};
}

/// A log in files.
class FileSelection final : public LogSelection {
public:
    FileSelection(const LogsRequest& request, LogTarget& target) : LogSelection(request, target), reader_(target.source) {
        if (!request.tail) return;
        start_ = find_tail(reader_.files(), reader_.format(), *request.tail);
        reader_.seek(std::min(start_[0], start_[1]));
    }

    /// What is written to the log, and its rotations.
    void watch(int inotify_fd) override {
        reader_.files().forget_before(reader_.position());
        add_watch(inotify_fd, reader_.files().dir_fd(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
        add_watch(inotify_fd, reader_.files().current_fd(), IN_MODIFY); // the same one again for one that is watched
    }

private:
    std::optional<LogRecord> next_of_tail() override {
        for (;;) {
            const auto record = reader_.next();
            if (!record && reader_.files().advance()) continue;
            if (!record) return std::nullopt;
            if (reader_.position() > start_[static_cast<std::size_t>(record->stream)]) return record;
        }
    }

    LogReader reader_;
    std::array<std::int64_t, 2> start_{};
};

std::unique_ptr<LogSelection> select_log(const LogsRequest& request, LogTarget& target) {
    if (target.journal) return select_journal(request, target);
    return std::make_unique<FileSelection>(request, target);
}

class Reading {
public:
    Reading(LogsRequest& request, const LogSink& sink) : request_(request), sink_(sink) {
        if (request.follow) inotify_ = make_inotify();
        for (LogTarget& target : request.logs) logs_.push_back(select_log(request_, target));
    }

    void run() {
        watch_all(); // before the first read, so that nothing falls between
        while (deliver() && request_.follow) {
            watch_all();
            if (!deliver()) return; // what came before a new file was watched
            const bool any_runs = std::any_of(logs_.begin(), logs_.end(), [](const auto& log) { return log->ended_fd() >= 0; });
            if (!any_runs || !wait_for_more()) return;
        }
    }

private:
    void watch_all() {
        if (request_.follow)
            for (const auto& log : logs_) log->watch(inotify_.get());
    }

    /// Everything that is there, the oldest first; false when the sink has enough.
    bool deliver() {
        std::vector<std::optional<LogRecord>> heads;
        for (const auto& log : logs_) heads.push_back(log->next());
        for (;;) {
            std::size_t first = heads.size();
            for (std::size_t i = 0; i < heads.size(); ++i)
                if (heads[i] && (first == heads.size() || heads[i]->time_ns < heads[first]->time_ns)) first = i;
            if (first == heads.size()) break;
            const bool starts_line = logs_[first]->starts_line(*heads[first]);
            if (!sink_({first, *heads[first], starts_line})) return false;
            heads[first] = logs_[first]->next();
        }
        if (request_.caught_up) request_.caught_up();
        return true;
    }

    /// Waits for more of a log or for the end: of all containers, or of the time asked for. False when that is over, with
    /// everything delivered.
    bool wait_for_more() {
        std::vector<pollfd> fds{{inotify_.get(), POLLIN, 0}};
        for (const auto& log : logs_) fds.push_back({log->ended_fd(), POLLIN, 0});
        for (const auto& log : logs_) fds.push_back({log->news_fd(), POLLIN, 0});
        timespec patience{};
        if (request_.until) {
            const std::int64_t left = std::max<std::int64_t>(0, *request_.until - sys::realtime_ns());
            patience = {left / 1'000'000'000, left % 1'000'000'000};
        }
        const int count = ::ppoll(fds.data(), fds.size(), request_.until ? &patience : nullptr, nullptr);
        if (count < 0 && errno != EINTR) throw SysError{errno, "wait for the container's log"};
        if (count == 0) return deliver() && false;
        std::array<char, 4096> events; // only that they came counts
        while (::read(inotify_.get(), events.data(), events.size()) > 0) {}
        for (std::size_t i = 0; count > 0 && i < logs_.size(); ++i) {
            if (fds[i + 1].revents == 0) continue;
            logs_[i]->complete_run();
            if (!deliver()) return false;
            logs_[i]->end_run();
        }
        return true;
    }

    LogsRequest& request_;
    const LogSink& sink_;
    UniqueFd inotify_;
    std::vector<std::unique_ptr<LogSelection>> logs_;
};

} // namespace

void read_logs(LogsRequest request, const LogSink& sink) { Reading(request, sink).run(); }

} // namespace lib
