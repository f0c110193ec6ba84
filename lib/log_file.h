// The container's log file, `ctr.log`: Podman's k8s-file format, one record per line of the file:
//
//   2026-11-22T10:00:00.123456789Z stdout F text\n
//
// F ends a line of output; P is a piece of one whose rest follows in a later record of the same stream. Since a newline
// in the output always ends a record, output can never forge one, and the bytes written (NUL, broken UTF-8, lines
// without end) are the concatenation of the texts with a newline after each F. Nothing is escaped.
#pragma once

#include "base/unique_fd.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lib {

enum class LogStream : std::uint8_t { out, err };

/// Longest text of one record in bytes; longer lines are split into P records.
inline constexpr std::size_t max_record_text = 8192;
/// Time, stream and mark before the text: "2026-11-22T10:00:00.123456789Z stdout F ".
inline constexpr std::size_t log_header_size = 40;
/// A whole record as we write it, newline included. The reader refuses longer ones.
inline constexpr std::size_t max_record = log_header_size + max_record_text + 1;

struct LogRecord {
    LogStream stream = LogStream::out;
    std::int64_t time_ns = 0;     ///< when the monitor read it
    std::string_view text;        ///< without the newline; valid until the next call of the reader
    bool ends_line = true;        ///< F: the output had a newline here
};

/// One record without its newline; nullopt when it is none of ours.
std::optional<LogRecord> parse_log_record(std::string_view line) noexcept;

/// Appends what the container printed. The only writer of its file. After construction nothing throws or allocates: a
/// full disk loses log records and never hurts the container.
class LogWriter {
public:
    /// Opens or makes the file (0600) and cuts off a record that a crash left unfinished. Throws SysError.
    explicit LogWriter(const std::string& path);

    /// Appends the bytes of one read, all with the time of now, as one writev per 256 records.
    void append(LogStream stream, std::span<const std::byte> bytes) noexcept;

    /// The errno of the first failed write, once; later failures are not worth a second word.
    std::optional<int> take_error() noexcept;

private:
    void flush() noexcept;
    void repair(off_t good_size) noexcept;

    UniqueFd file_;
    std::size_t vectors_used_ = 0;
    int error_ = 0;
    bool reported_ = false;
    std::array<iovec, 512> vectors_{};
};

/// Reads records forward from any record boundary, with one fixed buffer whatever the file holds.
class LogReader {
public:
    /// Throws SysError; Error when it is not a regular file.
    explicit LogReader(const std::string& path);

    /// The next whole record; nullopt at the end of what is written by now (call again later to follow). Lines that are
    /// no records are skipped. Throws SysError when the file cannot be read.
    std::optional<LogRecord> next();

    std::int64_t position() const noexcept { return position_; } ///< byte offset of the record that next() looks at
    void seek(std::int64_t record_start) noexcept;
    int fd() const noexcept { return file_.get(); }

private:
    bool fill();

    UniqueFd file_;
    bool skipping_ = false; ///< inside a line longer than any record
    std::int64_t position_ = 0; ///< of buffer_[begin_] in the file
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::array<char, 4 * max_record> buffer_;
};

/// Where to begin so that the last `lines` lines follow: by LogStream, the offset before which no record of that stream is
/// wanted (a line of one may begin before a line of the other ended). Lines are in the order of their ends; one that is
/// not ended yet counts. Reads from the end of the file backwards, no further than needed, with one fixed buffer. Where the
/// streams alternate, the beginning of a line is looked for 1 MiB back and no further. Throws SysError.
std::array<std::int64_t, 2> find_tail(int log_fd, std::uint64_t lines);

} // namespace lib
