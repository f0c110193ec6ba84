// Selecting and following log records, see lib/logs.h.
#include "lib/logs.h"

#include "base/error.h"
#include "base/sys.h"

#include <sys/inotify.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>

namespace lib {
namespace {

UniqueFd watch_file(const std::string& path) {
    UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch && errno == EMFILE)
        throw Error("follow ", path, ": no inotify instance is left; end programs that watch files, or raise the sysctl ",
                    "fs.inotify.max_user_instances");
    if (!watch) throw SysError{errno, "make an inotify instance"};
    if (::inotify_add_watch(watch.get(), path.c_str(), IN_MODIFY) < 0) throw SysError{errno, cat("watch ", path)};
    return watch;
}

/// Passes on what the request wants of the records that are there.
class Selection {
public:
    Selection(const LogsRequest& request, const LogSink& sink) : request_(request), sink_(sink), reader_(std::make_unique<LogReader>(request.path)) {
        if (!request.tail) return;
        start_ = find_tail(reader_->fd(), *request.tail);
        reader_->seek(std::min(start_[0], start_[1]));
    }

    /// Everything up to the end of the file; false when the sink has enough.
    bool deliver() {
        while (const auto record = reader_->next()) {
            const auto index = static_cast<std::size_t>(record->stream);
            if (reader_->position() <= start_[index]) continue;
            if (request_.since && record->time_ns < *request_.since) continue;
            if (request_.until && record->time_ns > *request_.until) continue;
            const bool starts_line = !std::exchange(inside_line_[index], !record->ends_line);
            if (!sink_({*record, starts_line})) return false;
        }
        return true;
    }

private:
    const LogsRequest& request_;
    const LogSink& sink_;
    std::unique_ptr<LogReader> reader_; ///< its buffer is large for a stack
    std::array<std::int64_t, 2> start_{};
    std::array<bool, 2> inside_line_{};
};

enum class Wake { log_grew, over };

/// Waits for more of the log or for the end: of the container, or of the time asked for.
Wake wait_for_more(const LogsRequest& request, int inotify_fd) {
    std::array<pollfd, 2> fds{{{inotify_fd, POLLIN, 0}, {request.ended_fd, POLLIN, 0}}};
    timespec patience{};
    if (request.until) {
        const std::int64_t left = std::max<std::int64_t>(0, *request.until - sys::realtime_ns());
        patience = {left / 1'000'000'000, left % 1'000'000'000};
    }
    const int count = ::ppoll(fds.data(), fds.size(), request.until ? &patience : nullptr, nullptr);
    if (count < 0 && errno != EINTR) throw SysError{errno, "wait for the container's log"};
    if (count == 0 || (count > 0 && fds[1].revents != 0)) return Wake::over;
    std::array<char, 4096> events; // only that they came counts
    while (::read(inotify_fd, events.data(), events.size()) > 0) {}
    return Wake::log_grew;
}

} // namespace

void read_logs(const LogsRequest& request, const LogSink& sink) {
    UniqueFd inotify;
    if (request.follow) inotify = watch_file(request.path); // before the first read, so that nothing falls between
    Selection selection(request, sink);
    if (!selection.deliver() || !request.follow) return;
    for (Wake wake = Wake::log_grew; wake != Wake::over;) {
        wake = wait_for_more(request, inotify.get());
        if (!selection.deliver()) return;
    }
}

} // namespace lib
