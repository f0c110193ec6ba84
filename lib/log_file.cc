// Writing and reading the files of a log; see lib/log_file.h.
#include "lib/log_file.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lib {
namespace {

struct Place {
    std::string directory;
    std::string name;
};

Place split(const std::string& path) {
    const auto slash = path.find_last_of('/');
    if (slash == path.npos) return {".", path};
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::string numbered(const std::string& name, int number) { return number == 0 ? name : cat(name, ".", number); }

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

RotatingFile::RotatingFile(const std::string& path, LogLimits limits)
    : limits_(limits), file_(sys::open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600)) {
    const off_t size = sys::fstat(file_.get(), path).st_size;
    const off_t good = find_end_of_records(file_.get(), size);
    if (good != size && ::ftruncate(file_.get(), good) != 0) throw SysError{errno, cat("truncate ", path)};
    size_ = whole_ = good;
    const Place place = split(path);
    dir_ = files::open_dir(place.directory);
    for (int i = 0; i < limits_.max_files; ++i) names_.push_back(numbered(place.name, i));
    next_name_ = place.name + ".next";
}

std::size_t RotatingFile::append(std::string_view records, Take take) noexcept {
    const std::size_t given = records.size();
    while (!records.empty()) {
        const std::int64_t room = limits_.max_size > 0 ? std::max<std::int64_t>(0, limits_.max_size - size_) : INT64_MAX;
        std::size_t fits = records.size();
        if (room < static_cast<std::int64_t>(records.size())) {
            const auto last = records.substr(0, static_cast<std::size_t>(room)).rfind('\n');
            if (last == records.npos && size_ > 0 && whole_ == size_ && rotate()) continue;
            // An empty file takes one record whatever its size; so does one that could not be put aside.
            fits = (last == records.npos ? records.find('\n') : last) + 1;
        } else if (take == Take::blocks) {
            const auto over = static_cast<std::size_t>((size_ + static_cast<std::int64_t>(fits)) % block);
            if (over >= fits) break;
            fits -= over;
        }
        // What could not be written takes the rest of its last record with it.
        if (!try_write(records.substr(0, fits))) fits = records.find('\n', fits - 1) + 1;
        records.remove_prefix(fits);
    }
    return given - records.size();
}

/// What a full disk took of the last record is cut off again, so that the file stays readable.
bool RotatingFile::try_write(std::string_view records) noexcept {
    ssize_t written = 0;
    do written = ::write(file_.get(), records.data(), records.size());
    while (written < 0 && errno == EINTR);
    const bool complete = written == static_cast<ssize_t>(records.size());
    if (!complete) note_error(written < 0 ? errno : ENOSPC);
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(0, written));
    if (const auto last = records.substr(0, size).rfind('\n'); last != records.npos) whole_ = size_ + static_cast<std::int64_t>(last) + 1;
    size_ += static_cast<std::int64_t>(size);
    if (!complete && size_ != whole_ && ::ftruncate(file_.get(), whole_) == 0) size_ = whole_;
    return complete;
}

/// The new file is made first: while there is none, nothing is moved and the old one goes on.
bool RotatingFile::rotate() noexcept {
    UniqueFd next(::openat(dir_.get(), next_name_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!next) {
        note_error(errno);
        return false;
    }
    // Unlinked, so that no rename replaces a file: ext4 would write out the data of the one that takes the place
    // (ext4(5), auto_da_alloc), and a flood that is rotated away within seconds would go to the disk.
    ::unlinkat(dir_.get(), names_.back().c_str(), 0);
    for (std::size_t i = names_.size() - 1; i > 0; --i)
        ::renameat(dir_.get(), names_[i - 1].c_str(), dir_.get(), names_[i].c_str()); // not there yet, perhaps
    if (::renameat(dir_.get(), next_name_.c_str(), dir_.get(), names_[0].c_str()) != 0) {
        note_error(errno);
        return false;
    }
    file_ = std::move(next);
    size_ = whole_ = 0;
    return true;
}

void RotatingFile::note_error(int error) noexcept {
    if (error_ == 0) error_ = error;
}

std::optional<int> RotatingFile::take_error() noexcept {
    if (error_ == 0 || reported_) return std::nullopt;
    reported_ = true;
    return error_;
}

LogFiles::LogFiles(const LogSource& source) : max_files_(source.max_files) {
    const Place place = split(source.path);
    name_ = place.name;
    dir_ = files::open_dir(place.directory);
    // From the oldest on; a rotation between two steps is what take_next is for.
    auto first = find_file(oldest());
    while (!first) { // it fell off while we looked, or the log is between two renames
        if (!sys::find_stat_at(dir_.get(), name_)) throw SysError{ENOENT, cat("open ", source.path)};
        first = find_file(oldest());
    }
    files_.push_back(std::move(*first));
    advance();
}

std::optional<LogFiles::File> LogFiles::find_file(int number) const {
    auto fd = sys::try_open_at(dir_.get(), numbered(name_, number), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!fd) return std::nullopt;
    const struct stat found = sys::fstat(fd->get(), "the container's log");
    if (!S_ISREG(found.st_mode)) throw Error("the container's log, ", numbered(name_, number), ", is not a regular file");
    return File{std::move(*fd), found.st_dev, found.st_ino, 0, 0};
}

bool LogFiles::is_number(const File& file, int number) const {
    const auto found = sys::find_stat_at(dir_.get(), numbered(name_, number));
    return found && found->st_dev == file.device && found->st_ino == file.inode;
}

/// How often it was rotated; -1 when it is gone.
int LogFiles::number_of(const File& file) const {
    for (int i = 0; i < max_files_; ++i)
        if (is_number(file, i)) return i;
    return -1;
}

int LogFiles::oldest() const {
    for (int i = max_files_ - 1; i > 0; --i)
        if (sys::find_stat_at(dir_.get(), numbered(name_, i))) return i;
    return 0;
}

bool LogFiles::advance() {
    bool moved = false;
    while (take_next()) moved = true;
    return moved;
}

/// The one that was begun when the last one of ours was put aside. None while the writer is between two renames: the
/// second one wakes whoever follows.
bool LogFiles::take_next() {
    File& last = files_.back();
    for (;;) {
        const int number = number_of(last);
        if (number == 0) return false;
        // Names move on from the highest number, so a missing one below ours is not a rotation's: somebody removed it.
        std::optional<File> next;
        for (int i = number < 0 ? oldest() : number - 1; !next && i >= 0; --i) next = find_file(i);
        if (!next) return false;
        if (number > 0 && !is_number(last, number)) continue; // rotated again meanwhile
        last.size = sys::fstat(last.fd.get(), "the container's log").st_size;
        next->begin = last.begin + last.size;
        files_.push_back(std::move(*next));
        return true;
    }
}

void LogFiles::forget_before(std::int64_t offset) noexcept {
    while (files_.size() > 1 && files_[1].begin <= offset) files_.erase(files_.begin());
}

std::size_t LogFiles::read(std::span<char> into, std::int64_t offset) const {
    std::size_t file = files_.size() - 1;
    while (file > 0 && files_[file].begin > offset) --file;
    const bool is_last = file + 1 == files_.size();
    const File& from = files_[file];
    if (!is_last) into = into.first(std::min(into.size(), static_cast<std::size_t>(std::max<std::int64_t>(0, from.begin + from.size - offset))));
    ssize_t n = 0;
    do n = ::pread(from.fd.get(), into.data(), into.size(), offset - from.begin);
    while (n < 0 && errno == EINTR);
    if (n < 0) throw SysError{errno, "read the container's log"};
    return static_cast<std::size_t>(n);
}

std::int64_t LogFiles::size() const {
    const File& last = files_.back();
    return last.begin + sys::fstat(last.fd.get(), "the container's log").st_size;
}

void LogReader::seek(std::int64_t record_start) noexcept {
    position_ = record_start;
    begin_ = end_ = 0;
    skipping_ = false;
}

std::optional<LogRecord> LogReader::next() {
    for (;;) {
        const std::string_view held(buffer_->data() + begin_, end_ - begin_);
        if (const auto newline = held.find('\n'); newline != held.npos) {
            begin_ += newline + 1;
            position_ += static_cast<std::int64_t>(newline) + 1;
            const auto record = skipping_ ? std::nullopt : parse_log_record(format_, held.substr(0, newline), storage_);
            if (record) return record;
            skipping_ = false;
            continue;
        }
        if (held.size() >= max_log_line) {
            skipping_ = true;
            position_ += static_cast<std::int64_t>(held.size());
            begin_ = end_;
        }
        if (!fill()) return std::nullopt;
    }
}

/// Adds bytes of the files; false at their end. An unfinished record there is forgotten and read again when it is whole:
/// the writer may have taken it back.
bool LogReader::fill() {
    std::copy(buffer_->begin() + static_cast<std::ptrdiff_t>(begin_), buffer_->begin() + static_cast<std::ptrdiff_t>(end_),
              buffer_->begin());
    end_ -= begin_;
    begin_ = 0;
    const std::size_t n = files_.read(std::span(*buffer_).subspan(end_), position_ + static_cast<std::int64_t>(end_));
    if (n == 0) end_ = 0;
    end_ += n;
    return n > 0;
}

} // namespace lib
