// ctl-journal: reads what a container with --log-driver=journald has printed, for `ctl logs`. A program of its own, because ctl
// links statically and sd-journal is a shared library; lib/journal_reader.cc starts it for such containers only.
//
//   ctl-journal UID ID [follow] [tail LINES] [since MICROSECONDS]     the records of that user's container, the oldest first
//
// On standard output a line each:
//   out|err F|P MICROSECONDS TEXT   a line of the container's, or (P) a piece of one whose rest follows
//   end MICROSECONDS                the monitor has written its last record (JournalLog)
//   (an empty line)                 that is all there is for now; only with follow, and before waiting
// With follow it ends when nobody reads any more. Exit 0, or 1 with one line on stderr.
//
// The user id is compared with _UID, which the journal itself writes, so nobody else can put words into a container's mouth.
#include "base/error.h"
#include "base/sys.h"

#include <systemd/sd-journal.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t enough = 64 << 10;    ///< bytes to be written at once
constexpr std::size_t longest_text = 8192;  ///< as lib::max_record_text: longer ones are passed on in pieces
constexpr std::uint32_t first_user = 1000;  ///< below it the journal keeps no files of users' own (SYSTEM_UID_MAX)

struct JournalDeleter {
    void operator()(sd_journal* journal) const noexcept { sd_journal_close(journal); }
};
using Journal = std::unique_ptr<sd_journal, JournalDeleter>;

/// sd-journal calls return -errno.
int check(int result, const char* what) {
    if (result < 0) throw SysError{-result, cat("the journal: ", what)};
    return result;
}

std::uint64_t parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) throw Error("not a number: ", text);
    return number;
}

struct Request {
    std::uint64_t uid = 0;
    std::string id;
    bool follow = false;
    std::optional<std::uint64_t> tail;
    std::optional<std::uint64_t> since;
};

Request parse_request(const std::vector<std::string>& words) {
    if (words.size() < 2) throw Error("usage: ctl-journal UID ID [follow] [tail LINES] [since MICROSECONDS]");
    Request request{parse_number(words[0]), words[1], false, {}, {}};
    for (std::size_t i = 2; i < words.size(); ++i) {
        if (words[i] == "follow") request.follow = true;
        else if (words[i] == "tail" && i + 1 < words.size()) request.tail = parse_number(words[++i]);
        else if (words[i] == "since" && i + 1 < words.size()) request.since = parse_number(words[++i]);
        else throw Error("unknown word ", words[i]);
    }
    return request;
}

void add_match(sd_journal* journal, const std::string& match) {
    check(sd_journal_add_match(journal, match.data(), match.size()), "choose the container's records");
}

/// Without a file that we may read there is nothing to wait for, except where the first one is still to be made.
void require_files(sd_journal* journal, std::uint64_t uid) {
    if (sd_journal_has_persistent_files(journal) > 0 || sd_journal_has_runtime_files(journal) > 0) return;
    struct stat st {};
    if (uid >= first_user && ::stat("/var/log/journal", &st) == 0) return;
    throw Error("the journal has no file that this user may read; let an administrator make the directory /var/log/journal and run "
                "\"journalctl --flush\" (it then keeps a file for each user), or add this user to the group systemd-journal");
}

Journal open_journal(const Request& request) {
    sd_journal* raw = nullptr;
    check(sd_journal_open(&raw, SD_JOURNAL_LOCAL_ONLY), "open");
    Journal journal(raw);
    require_files(raw, request.uid);
    check(sd_journal_set_data_threshold(raw, 0), "ask for whole messages");
    add_match(raw, "CONTAINER_ID_FULL=" + request.id);
    add_match(raw, cat("_UID=", request.uid));
    return journal;
}

/// The value of a field of the current entry, valid until the next call; nullopt without the field, or where it is damaged.
std::optional<std::string_view> find_field(sd_journal* journal, const char* name) {
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal, name, &data, &size) < 0) return std::nullopt;
    const std::size_t head = std::strlen(name) + 1;
    return size < head ? std::nullopt : std::optional(std::string_view(static_cast<const char*>(data) + head, size - head));
}

std::size_t stream_of(sd_journal* journal) { return find_field(journal, "PRIORITY") == "3" ? 1 : 0; }
bool ends_line(sd_journal* journal) { return find_field(journal, "CONTAINER_PARTIAL_MESSAGE") != "true"; }

class Reader {
public:
    explicit Reader(const Request& request) : request_(request), journal_(open_journal(request)) {
        if (request.follow) watch_ = check(sd_journal_get_fd(journal_.get()), "watch"); // before the first look
    }

    void run() {
        if (go_to_start()) deliver();
        while (sd_journal_next(journal_.get()) > 0) deliver();
        flush();
        while (request_.follow) {
            text_ += '\n';
            flush();
            if (!wait_for_more()) return;
            while (sd_journal_next(journal_.get()) > 0) deliver();
        }
    }

private:
    /// To before the first entry that is wanted, or (true) onto it.
    bool go_to_start() {
        if (request_.tail) return go_to_tail(*request_.tail);
        if (request_.since) check(sd_journal_seek_realtime_usec(journal_.get(), *request_.since), "go to a time");
        else check(sd_journal_seek_head(journal_.get()), "go to its beginning");
        return false;
    }

    /// Backwards until that many lines were seen. A stream's records before its first wanted line are left out later on, since
    /// those of the other one may have to be looked for further back.
    bool go_to_tail(std::uint64_t lines) {
        struct {
            bool in_line = false, settled = false;
        } streams[2];
        check(sd_journal_seek_tail(journal_.get()), "go to its end");
        std::uint64_t counted = 0;
        std::int64_t index = 0; // entries from the end
        while (sd_journal_previous(journal_.get()) > 0) {
            ++index;
            if (!find_field(journal_.get(), "MESSAGE")) continue;
            auto& stream = streams[stream_of(journal_.get())];
            if (stream.settled) continue;
            const bool is_line = ends_line(journal_.get()) || !stream.in_line;
            if (is_line && counted == lines) {
                stream = {false, true};
            } else {
                counted += is_line ? 1 : 0;
                stream.in_line = true;
                first_wanted_[stream_of(journal_.get())] = index;
            }
            if (counted == lines && !streams[0].in_line && !streams[1].in_line) {
                left_ = index;
                return true;
            }
        }
        left_ = index;
        check(sd_journal_seek_head(journal_.get()), "go to its beginning");
        return index > 0 && sd_journal_next(journal_.get()) > 0;
    }

    /// Whether an entry of the tail is one of those before its stream's first wanted line.
    bool is_before_tail(std::size_t stream) {
        const std::int64_t index = left_;
        if (left_ > 0) --left_;
        return index > 0 && index > first_wanted_[stream];
    }

    void deliver() {
        std::uint64_t time = 0;
        const std::size_t stream = stream_of(journal_.get());
        const bool before_tail = is_before_tail(stream);
        if (sd_journal_get_realtime_usec(journal_.get(), &time) < 0) return;
        const auto message = find_field(journal_.get(), "MESSAGE");
        if (!message) {
            if (const auto sent = find_field(journal_.get(), "_SOURCE_REALTIME_TIMESTAMP")) time = parse_number(*sent);
            if (find_field(journal_.get(), "CTL_LOG_END")) text_ += cat("end ", time, "\n");
        } else if (!before_tail) {
            const std::string text(*message); // the next field takes its place
            deliver_text(text, cat(time, " "), stream, ends_line(journal_.get()));
        }
        if (text_.size() > enough) flush();
    }

    void deliver_text(std::string_view text, const std::string& time, std::size_t stream, bool complete) {
        do {
            const std::size_t size = std::min(text.substr(0, longest_text).find('\n'), std::min(text.size(), longest_text));
            const bool newline = size < text.size() && text[size] == '\n';
            const bool ends = newline || (size == text.size() && complete);
            text_.append(stream == 0 ? "out " : "err ").append(ends ? "F " : "P ").append(time).append(text.substr(0, size)) += '\n';
            text.remove_prefix(size + (newline ? 1 : 0));
        } while (!text.empty());
    }

    void flush() {
        sys::write_all(STDOUT_FILENO, text_, "standard output");
        text_.clear();
    }

    /// False when nobody reads any more.
    bool wait_for_more() {
        for (;;) {
            pollfd fds[] = {{watch_, static_cast<short>(check(sd_journal_get_events(journal_.get()), "wait")), 0}, {STDOUT_FILENO, 0, 0}};
            if (::poll(fds, 2, patience()) < 0 && errno != EINTR) throw SysError{errno, "wait for the journal"};
            if (fds[1].revents != 0) return false;
            if (check(sd_journal_process(journal_.get()), "read") != SD_JOURNAL_NOP) return true;
        }
    }

    /// Where the journal's file system tells of changes: for ever.
    int patience() {
        std::uint64_t until = 0;
        check(sd_journal_get_timeout(journal_.get(), &until), "wait");
        if (until == UINT64_MAX) return -1;
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        const auto passed = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
        return until <= passed ? 0 : static_cast<int>((until - passed) / 1000 + 1);
    }

    Request request_;
    Journal journal_;
    int watch_ = -1;
    std::array<std::int64_t, 2> first_wanted_{};
    std::int64_t left_ = 0; ///< entries of the tail that are still to come
    std::string text_;
};

} // namespace

int main(int argc, char** argv) {
    try {
        Reader(parse_request({argv + 1, argv + argc})).run();
        return 0;
    } catch (const SysError& e) {
        if (e.err() == EPIPE) return 0; // enough was read
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
