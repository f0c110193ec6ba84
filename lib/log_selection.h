// One log on its way through the request of `ctl logs`, whatever it is kept in; for lib/logs.cc and the kinds of logs.
#pragma once

#include "lib/logs.h"

#include <array>
#include <memory>
#include <optional>
#include <utility>

namespace lib {

class LogSelection {
public:
    /// Both are the caller's and must outlive this.
    LogSelection(const LogsRequest& request, LogTarget& target) : request_(request), target_(target) {}
    LogSelection(const LogSelection&) = delete;
    LogSelection& operator=(const LogSelection&) = delete;
    virtual ~LogSelection() = default;

    /// The next record that is wanted, at the end of what is there nullopt. It stays valid until the next call.
    std::optional<LogRecord> next() {
        for (;;) {
            const auto record = next_of_tail();
            if (!record) return std::nullopt;
            if (request_.since && record->time_ns < *request_.since) continue;
            if (request_.until && record->time_ns > *request_.until) continue;
            return record;
        }
    }

    bool starts_line(const LogRecord& record) {
        return !std::exchange(inside_line_[static_cast<std::size_t>(record.stream)], !record.ends_line);
    }

    /// To be told about news: by events of this inotify instance, or by a descriptor to read from.
    virtual void watch(int inotify_fd) = 0;
    virtual int news_fd() const noexcept { return -1; }

    /// Its container has ended: next() has all of the run when this has returned.
    virtual void complete_run() {}
    int ended_fd() const noexcept { return target_.ended.get(); }
    /// On to the next run, if there is one.
    virtual void end_run() {
        UniqueFd next = target_.next_run ? target_.next_run() : UniqueFd();
        target_.ended = std::move(next);
    }

protected:
    /// The next record of those that LogsRequest::tail leaves.
    virtual std::optional<LogRecord> next_of_tail() = 0;

    const LogsRequest& request_;
    LogTarget& target_;

private:
    std::array<bool, 2> inside_line_{};
};

/// The journal's, by ctl-journal. In lib/journal_reader.cc.
std::unique_ptr<LogSelection> select_journal(const LogsRequest& request, LogTarget& target);

} // namespace lib
