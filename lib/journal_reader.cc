// A container's records in the journal, read by a helper program (cli/journal_helper.cc); see lib/log_selection.h.
//
// The journal stores what it is sent after the sender has gone on, so what a container has printed is there a moment after its
// end. JournalLog says when it has sent the last record, and datagrams are stored in the order they were sent in: whoever sees
// that end has seen everything. A monitor that was killed leaves none, hence the limit of patience.
#include "lib/log_selection.h"

#include "base/error.h"
#include "base/helper_process.h"
#include "base/sys.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>

namespace lib {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience = 3s; ///< a journal stores what it got within a second at most, unless it is overloaded

std::vector<std::string> arguments(const LogsRequest& request, const LogTarget& target) {
    std::vector<std::string> words{std::to_string(::getuid()), target.journal->id};
    if (target.ended || target.journal->complete_after != 0) words.emplace_back("follow");
    if (request.tail) words.insert(words.end(), {"tail", std::to_string(*request.tail)});
    if (request.since && *request.since > 0) words.insert(words.end(), {"since", std::to_string(*request.since / 1000)});
    return words;
}

/// The number that `line` begins with, which is taken away together with one blank.
std::int64_t take_number(std::string_view& line) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc()) throw Error("the journal's reader said something unknown: ", line);
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    if (line.starts_with(' ')) line.remove_prefix(1);
    return number;
}

class JournalSelection final : public LogSelection {
public:
    JournalSelection(const LogsRequest& request, LogTarget& target)
        : LogSelection(request, target), source_(*target.journal), helper_(source_.reader, arguments(request, target), HelperProcess::Output::piped) {
        if (!target.ended && source_.complete_after != 0) complete_run();
    }

    void watch(int) override {}
    int news_fd() const noexcept override { return ended_fd() >= 0 ? helper_.output_fd() : -1; }

    void complete_run() override {
        if (!complete_) deadline_ = Clock::now() + patience;
    }

    void end_run() override {
        deadline_.reset();
        complete_ = false;
        source_.complete_after = sys::realtime_ns();
        LogSelection::end_run();
    }

private:
    std::optional<LogRecord> next_of_tail() override {
        for (;;) {
            const auto line = next_line();
            if (!line) return std::nullopt;
            if (line->empty()) { // the helper waits for more, and so does our caller
                caught_up_ = true;
                continue;
            }
            caught_up_ = false;
            if (const auto record = take_record(*line)) return record;
        }
    }

    std::optional<LogRecord> take_record(std::string_view line) {
        if (line.starts_with("end ")) {
            line.remove_prefix(4);
            if (take_number(line) * 1000 + 999 < source_.complete_after) return std::nullopt; // of an earlier run
            complete_ = true;
            deadline_.reset();
            return std::nullopt;
        }
        LogRecord record;
        record.stream = line.starts_with("err ") ? LogStream::err : LogStream::out;
        record.ends_line = line.substr(0, 6).ends_with("F ");
        line.remove_prefix(std::min<std::size_t>(line.size(), 6));
        record.time_ns = take_number(line) * 1000;
        record.text = line;
        return record;
    }

    /// Valid until the next call; nullopt when there is none for now, or the helper has ended.
    std::optional<std::string_view> next_line() {
        for (;;) {
            if (const auto end = buffer_.find('\n', begin_); end != buffer_.npos) {
                const std::string_view line = std::string_view(buffer_).substr(begin_, end - begin_);
                begin_ = end + 1;
                return line;
            }
            buffer_.erase(0, std::exchange(begin_, 0));
            if (has_ended_ || !wait() || !read()) return std::nullopt;
        }
    }

    /// Between two pieces of news only as long as the end of a run is missing.
    bool wait() {
        auto left = -1ms;
        if (deadline_) left = std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now()));
        else if (caught_up_) left = 0ms;
        pollfd news{helper_.output_fd(), POLLIN, 0};
        const int count = ::poll(&news, 1, static_cast<int>(left.count()));
        if (count < 0 && errno != EINTR) throw SysError{errno, "wait for the journal"};
        return count != 0;
    }

    bool read() {
        std::byte chunk[16 << 10];
        const std::size_t count = sys::read_some(helper_.output_fd(), chunk, helper_.path());
        buffer_.append(reinterpret_cast<const char*>(chunk), count);
        if (count > 0) return true;
        has_ended_ = true;
        if (const auto complaint = helper_.finish()) throw Error("cannot read the journal: ", complaint->empty() ? cat(helper_.path(), " failed without saying why") : *complaint);
        return false;
    }

    JournalSource source_;
    HelperProcess helper_;
    std::string buffer_;
    std::size_t begin_ = 0;
    bool caught_up_ = false; ///< nothing comes until there is news
    bool complete_ = false;  ///< the end of this run was seen
    bool has_ended_ = false; ///< the helper
    std::optional<Clock::time_point> deadline_; ///< for the end of this run to be seen
};

} // namespace

std::unique_ptr<LogSelection> select_journal(const LogsRequest& request, LogTarget& target) {
    return std::make_unique<JournalSelection>(request, target);
}

} // namespace lib
