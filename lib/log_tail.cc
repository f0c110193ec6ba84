// The last lines of a log without reading the rest, see find_tail in lib/log_file.h.
#include "base/error.h"
#include "lib/log_file.h"

#include <algorithm>
#include <memory>

namespace lib {
namespace {

constexpr std::int64_t look_back = 1 << 20; ///< bytes; see find_tail

/// The lines of a log from the last to the first. What follows the last newline, and lines longer than any record, are
/// left out.
class BackwardLines {
public:
    struct Line {
        std::string_view text; ///< without the newline; valid until the next call
        std::int64_t begin = 0;
        std::int64_t end = 0; ///< after the newline
    };

    explicit BackwardLines(const LogFiles& files) : files_(files), base_(files.size()) {}

    std::optional<Line> previous() {
        for (;;) {
            if (size_ == 0 && !load()) return std::nullopt;
            std::string_view held(buffer_->data(), size_);
            const bool ended = held.ends_with('\n');
            if (ended) held.remove_suffix(1);
            const auto newline = held.rfind('\n');
            if (newline == held.npos && base_ > 0) {
                if (size_ < buffer_->size()) {
                    load();
                } else {
                    size_ = 0;
                    dropping_ = true;
                }
                continue;
            }
            const std::size_t begin = newline == held.npos ? 0 : newline + 1;
            const std::int64_t end = base_ + static_cast<std::int64_t>(size_);
            size_ = begin;
            const bool drop = dropping_ && !ended;
            dropping_ = false;
            if (!drop) return Line{held.substr(begin), base_ + static_cast<std::int64_t>(begin), end};
        }
    }

private:
    /// Moves the buffer back so that it ends where it does now and is as full as the file allows.
    bool load() {
        const std::int64_t end = base_ + static_cast<std::int64_t>(size_);
        base_ = std::max<std::int64_t>(0, end - static_cast<std::int64_t>(buffer_->size()));
        size_ = 0;
        while (base_ + static_cast<std::int64_t>(size_) < end) {
            const auto want = static_cast<std::size_t>(end - base_) - size_;
            const std::size_t n = files_.read({buffer_->data() + size_, want}, base_ + static_cast<std::int64_t>(size_));
            if (n == 0) throw Error("the container's log was cut while it was being read");
            size_ += n;
        }
        return size_ > 0;
    }

    const LogFiles& files_;
    std::int64_t base_; ///< of the buffer in the files
    std::size_t size_ = 0;
    bool dropping_ = true; ///< what is before the next newline belongs to an unfinished or overlong line
    std::unique_ptr<std::array<char, 2 * max_log_line>> buffer_ = std::make_unique<std::array<char, 2 * max_log_line>>();
};

/// Going backwards through one stream.
struct StreamTail {
    bool in_line = false; ///< a wanted line's later records were seen; earlier ones may follow
    bool settled = false; ///< the beginning of its first wanted line is known
};

} // namespace

std::array<std::int64_t, 2> find_tail(const LogFiles& files, LogFormat format, std::uint64_t lines) {
    BackwardLines backward(files);
    std::string storage;
    std::array<StreamTail, 2> streams;
    std::array<std::int64_t, 2> start{};
    std::uint64_t counted = 0;
    std::optional<std::int64_t> limit;
    for (bool first = true; const auto line = backward.previous(); first = false) {
        if (first) start = {line->end, line->end};
        const auto record = parse_log_record(format, line->text, storage);
        if (!record) continue;
        const auto index = static_cast<std::size_t>(record->stream);
        StreamTail& stream = streams[index];
        if (stream.settled) continue;
        if ((record->ends_line || !stream.in_line) && counted == lines) {
            stream.settled = true;
            stream.in_line = false;
            if (!limit) limit = line->begin - look_back;
        } else {
            if (record->ends_line || !stream.in_line) ++counted;
            stream.in_line = true;
            start[index] = line->begin;
        }
        const bool open = std::any_of(streams.begin(), streams.end(), [](const StreamTail& s) { return s.in_line; });
        if (counted == lines && (!open || (limit && line->begin < *limit))) break;
    }
    return start;
}

} // namespace lib
