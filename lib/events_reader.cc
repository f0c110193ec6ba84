// Reading the log of events, and following it; see lib/events.h.
//
// A writer may have opened the log just before somebody rotated it, and then writes into what is events/log.1 by now. So the
// file before the last is read along until the next rotation.
#include "lib/events.h"

#include "base/error.h"
#include "base/sys.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lib {
namespace {

/// Whole lines of one file of the log, read as they come.
class LineReader {
public:
    explicit LineReader(UniqueFd file) : file_(std::move(file)) {}

    int fd() const noexcept { return file_.get(); }
    void skip_to_end() {
        if (::lseek(file_.get(), 0, SEEK_END) < 0) throw SysError{errno, "read the log of events"};
    }
    std::optional<std::string> next() {
        for (;;) {
            if (const auto end = held_.find('\n', searched_); end != std::string::npos) {
                std::string line = held_.substr(begin_, end - begin_);
                begin_ = searched_ = end + 1;
                return line;
            }
            held_.erase(0, begin_);
            begin_ = 0;
            searched_ = held_.size();
            std::array<std::byte, 65536> buffer;
            const std::size_t n = sys::read_some(file_.get(), buffer, "the log of events");
            if (n == 0) return std::nullopt;
            held_.append(reinterpret_cast<const char*>(buffer.data()), n);
        }
    }

private:
    UniqueFd file_;
    std::string held_;
    std::size_t begin_ = 0;    ///< of the next line
    std::size_t searched_ = 0; ///< no line feed between begin_ and here
};

class EventLog {
public:
    EventLog(const Paths& paths, const EventsRequest& request, const EventSink& sink)
        : dir_(paths.data + "/events"), request_(request), sink_(sink) {}

    /// False when the sink has enough.
    bool deliver() {
        for (;;) {
            for (auto& reader : {&before_, &current_})
                if (*reader && !deliver_from(**reader)) return false;
            if (!open_next()) return true;
        }
    }

    void skip_to_end() {
        while (open_next()) {}
        if (current_) current_->skip_to_end();
        if (before_) before_->skip_to_end();
    }

    const std::string& dir() const noexcept { return dir_; }

private:
    bool deliver_from(LineReader& reader) {
        while (const auto line = reader.next()) {
            const auto event = parse_event_line(*line);
            if (!event || (request_.since && event->time_ns < *request_.since)) continue;
            if (request_.until && event->time_ns > *request_.until) continue;
            if (request_.filter.matches(*event) && !sink_(*event)) return false;
        }
        return true;
    }

    /// The file that follows the current one: log.1 at first, then log, and after a rotation the new log.
    bool open_next() {
        if (!started_) {
            started_ = true;
            if (auto file = sys::try_open(dir_ + "/log.1", O_RDONLY | O_NOFOLLOW)) {
                current_.emplace(std::move(*file));
                return true;
            }
        }
        auto file = sys::try_open(dir_ + "/log", O_RDONLY | O_NOFOLLOW);
        if (!file || (current_ && is_same(current_->fd(), file->get()))) return false;
        before_ = std::move(current_);
        current_.emplace(std::move(*file));
        return true;
    }

    static bool is_same(int a, int b) {
        const struct stat first = sys::fstat(a, "the log of events"), second = sys::fstat(b, "the log of events");
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
    }

    std::string dir_;
    const EventsRequest& request_;
    const EventSink& sink_;
    bool started_ = false;
    std::optional<LineReader> before_;
    std::optional<LineReader> current_;
};

UniqueFd watch_dir(const std::string& dir) {
    sys::ensure_dir(dir, 0700);
    UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch && errno == EMFILE)
        throw Error("follow events: no inotify instance is left; end programs that watch files, or raise the sysctl "
                    "fs.inotify.max_user_instances");
    if (!watch) throw SysError{errno, "make an inotify instance"};
    if (::inotify_add_watch(watch.get(), dir.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) throw SysError{errno, cat("watch ", dir)};
    return watch;
}

/// False when the time asked for is over.
bool wait_for_more(const EventsRequest& request, int watch) {
    pollfd fd{watch, POLLIN, 0};
    timespec patience{};
    if (request.until) {
        const std::int64_t left = *request.until - sys::realtime_ns();
        if (left <= 0) return false;
        patience = {left / 1'000'000'000, left % 1'000'000'000};
    }
    const int count = ::ppoll(&fd, 1, request.until ? &patience : nullptr, nullptr);
    if (count < 0 && errno != EINTR) throw SysError{errno, "wait for events"};
    std::array<char, 4096> changes; // only that they came counts
    while (::read(watch, changes.data(), changes.size()) > 0) {}
    return true;
}

} // namespace

void read_events(const Paths& paths, const EventsRequest& request, const EventSink& sink) {
    EventLog log(paths, request, sink);
    UniqueFd watch;
    if (request.follow) watch = watch_dir(log.dir()); // before the first read, so that nothing falls between
    if (!request.from_start) log.skip_to_end();
    while (log.deliver() && request.follow && wait_for_more(request, watch.get())) {}
}

} // namespace lib
