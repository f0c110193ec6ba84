// Records of a container's log file in the two formats it can have.
//
// k8s-file, Podman's: one record per line of the file,
//
//   2026-11-22T10:00:00.123456789Z stdout F text\n
//
// F ends a line of output; P is a piece of one whose rest follows in a later record of the same stream. Since a newline
// in the output always ends a record, output can never forge one, and the bytes written (NUL, broken UTF-8, lines
// without end) are the concatenation of the texts with a newline after each F. Nothing is escaped.
//
// json-file, Docker's, for the tools that read it:
//
//   {"log":"text\n","stream":"stdout","time":"2026-11-22T10:00:00.123456789Z"}\n
//
// A piece of a line is a record whose log has no newline at its end. JSON holds no broken UTF-8: each such byte is written
// as U+FFFD, as Docker does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lib {

enum class LogStream : std::uint8_t { out, err };
enum class LogFormat : std::uint8_t { k8s, json };

/// Longest text of one record in bytes; longer lines are split.
inline constexpr std::size_t max_record_text = 8192;
/// Time, stream and mark before a k8s record's text: "2026-11-22T10:00:00.123456789Z stdout F ".
inline constexpr std::size_t log_header_size = 40;
/// Longest line that a reader takes for a record: Docker's 16 KiB of text, six bytes for each, and what is around it.
inline constexpr std::size_t max_log_line = 128 << 10;
/// Longest tag of a json-file (see LogSettings::tag).
inline constexpr std::size_t max_tag = 512;
/// No record as we write it is longer: every byte of text and tag escaped.
inline constexpr std::size_t max_written_record = 6 * (max_record_text + 1 + max_tag) + 128;

struct LogRecord {
    LogStream stream = LogStream::out;
    std::int64_t time_ns = 0;     ///< when the monitor read it
    std::string_view text;        ///< without the newline
    bool ends_line = true;        ///< the output had a newline here
};

/// One line of the file without its newline; nullopt when it is no record. The text is part of `line`, or, where it had
/// to be unescaped, of `storage`.
std::optional<LogRecord> parse_log_record(LogFormat format, std::string_view line, std::string& storage);
std::optional<LogRecord> parse_k8s_record(std::string_view line) noexcept;
std::optional<LogRecord> parse_json_record(std::string_view line, std::string& storage);

/// What the records of one read have in common.
struct RecordFrame {
    LogStream stream = LogStream::out;
    std::array<char, 30> time{}; ///< format_rfc3339
    std::string_view tag; ///< json-file: the "tag" of its "attrs", if any
};

/// Writes one record to `out`, which has room for max_written_record bytes; returns its size. `text` has no newline and
/// max_record_text bytes at most.
std::size_t format_k8s_record(char* out, const RecordFrame& frame, std::string_view text, bool ends_line) noexcept;
std::size_t format_json_record(char* out, const RecordFrame& frame, std::string_view text, bool ends_line) noexcept;

/// How many bytes at the end of `text` are the beginning of a UTF-8 character whose rest is missing: 0 to 3.
std::size_t unfinished_utf8(std::string_view text) noexcept;

} // namespace lib
