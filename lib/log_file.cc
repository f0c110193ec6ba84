// The log file: one record, the writer, the reader; see lib/log_file.h.
#include "lib/log_file.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/time_point.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lib {
namespace {

constexpr std::size_t time_size = 30;
using Header = std::array<char, log_header_size>;

Header make_header(const std::array<char, time_size>& time, LogStream stream, char mark) noexcept {
    Header header;
    char* out = std::copy(time.begin(), time.end(), header.begin());
    const std::string_view name = stream == LogStream::out ? " stdout " : " stderr ";
    out = std::copy(name.begin(), name.end(), out);
    *out++ = mark;
    *out = ' ';
    return header;
}

/// The time of now; the clock of a Linux process cannot fail.
std::int64_t now_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

iovec vector_of(const void* data, std::size_t size) noexcept { return {const_cast<void*>(data), size}; }

/// The offset after the last newline of the file.
off_t find_end_of_records(int fd, off_t size) {
    std::array<char, 4096> block;
    for (off_t end = size; end > 0;) {
        const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(block.size()));
        const ssize_t n = ::pread(fd, block.data(), static_cast<std::size_t>(end - begin), begin);
        if (n < 0) throw SysError{errno, "read the container's log"};
        const std::string_view text(block.data(), static_cast<std::size_t>(n));
        if (const auto newline = text.rfind('\n'); newline != text.npos) return begin + static_cast<off_t>(newline) + 1;
        end = begin;
    }
    return 0;
}

} // namespace

std::optional<LogRecord> parse_log_record(std::string_view line) noexcept {
    LogRecord record;
    const auto time_end = line.find(' ');
    if (time_end == line.npos || time_end > time_size + 5) return std::nullopt; // an offset is five longer than "Z"
    const auto time = parse_rfc3339(line.substr(0, time_end));
    if (!time) return std::nullopt;
    record.time_ns = *time;
    line.remove_prefix(time_end);
    if (line.starts_with(" stdout "))
        record.stream = LogStream::out;
    else if (line.starts_with(" stderr "))
        record.stream = LogStream::err;
    else
        return std::nullopt;
    line.remove_prefix(8);
    if (line.size() < 2 || (line[0] != 'F' && line[0] != 'P') || line[1] != ' ') return std::nullopt;
    record.ends_line = line[0] == 'F';
    record.text = line.substr(2);
    return record;
}

LogWriter::LogWriter(const std::string& path) : file_(sys::open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600)) {
    const off_t size = sys::fstat(file_.get(), path).st_size;
    const off_t good = find_end_of_records(file_.get(), size);
    if (good != size && ::ftruncate(file_.get(), good) != 0) throw SysError{errno, cat("truncate ", path)};
}

void LogWriter::append(LogStream stream, std::span<const std::byte> bytes) noexcept {
    const auto time = format_rfc3339(now_ns());
    const Header full = make_header(time, stream, 'F');
    const Header partial = make_header(time, stream, 'P');
    std::string_view left(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!left.empty()) {
        if (vectors_used_ + 3 > vectors_.size()) flush();
        const auto newline = left.substr(0, max_record_text + 1).find('\n');
        if (newline != left.npos) { // the newline of the output ends the record, too
            vectors_[vectors_used_++] = vector_of(full.data(), full.size());
            vectors_[vectors_used_++] = vector_of(left.data(), newline + 1);
            left.remove_prefix(newline + 1);
        } else {
            const std::size_t size = std::min(left.size(), max_record_text);
            vectors_[vectors_used_++] = vector_of(partial.data(), partial.size());
            vectors_[vectors_used_++] = vector_of(left.data(), size);
            vectors_[vectors_used_++] = vector_of("\n", 1);
            left.remove_prefix(size);
        }
    }
    flush();
}

/// Writes the gathered records. What a full disk took of the last one is cut off again, so that the file stays readable.
void LogWriter::flush() noexcept {
    if (vectors_used_ == 0) return;
    std::size_t size = 0;
    for (std::size_t i = 0; i < vectors_used_; ++i) size += vectors_[i].iov_len;
    ssize_t written = 0;
    do written = ::writev(file_.get(), vectors_.data(), static_cast<int>(vectors_used_));
    while (written < 0 && errno == EINTR);
    if (written != static_cast<ssize_t>(size)) {
        if (error_ == 0) error_ = written < 0 ? errno : ENOSPC;
        if (written > 0) repair(static_cast<off_t>(written));
    }
    vectors_used_ = 0;
}

/// Takes back the unfinished end of a short write of `written` bytes.
void LogWriter::repair(off_t written) noexcept {
    const off_t end = ::lseek(file_.get(), 0, SEEK_END);
    off_t whole = 0;
    off_t record = 0;
    for (std::size_t i = 0; i < vectors_used_; ++i) {
        record += static_cast<off_t>(vectors_[i].iov_len);
        const auto* text = static_cast<const char*>(vectors_[i].iov_base);
        if (text[vectors_[i].iov_len - 1] != '\n') continue; // texts of P records have none, headers neither
        if (whole + record > written) break;
        whole += record;
        record = 0;
    }
    if (end >= written) static_cast<void>(::ftruncate(file_.get(), end - written + whole) == 0);
}

std::optional<int> LogWriter::take_error() noexcept {
    if (error_ == 0 || reported_) return std::nullopt;
    reported_ = true;
    return error_;
}

LogReader::LogReader(const std::string& path) : file_(sys::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)) {
    if (!S_ISREG(sys::fstat(file_.get(), path).st_mode)) throw Error(path, ": not a regular file");
}

void LogReader::seek(std::int64_t record_start) noexcept {
    position_ = record_start;
    begin_ = end_ = 0;
    skipping_ = false;
}

std::optional<LogRecord> LogReader::next() {
    for (;;) {
        const std::string_view held(buffer_.data() + begin_, end_ - begin_);
        if (const auto newline = held.find('\n'); newline != held.npos) {
            begin_ += newline + 1;
            position_ += static_cast<std::int64_t>(newline) + 1;
            const auto record = skipping_ ? std::nullopt : parse_log_record(held.substr(0, newline));
            if (record) return record;
            skipping_ = false;
            continue;
        }
        if (held.size() >= max_record) {
            skipping_ = true;
            position_ += static_cast<std::int64_t>(held.size());
            begin_ = end_;
        }
        if (!fill()) return std::nullopt;
    }
}

/// Adds bytes of the file; false at its end. An unfinished record there is forgotten and read again when it is whole: the
/// writer may have taken it back.
bool LogReader::fill() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
              buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    ssize_t n = 0;
    do n = ::pread(file_.get(), buffer_.data() + end_, buffer_.size() - end_, position_ + static_cast<off_t>(end_));
    while (n < 0 && errno == EINTR);
    if (n < 0) throw SysError{errno, "read the container's log"};
    if (n == 0) end_ = 0;
    end_ += static_cast<std::size_t>(n);
    return n > 0;
}

} // namespace lib
