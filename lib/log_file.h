// The files of a container's log: `ctr.log` is being written, `ctr.log.1` was before it, and so on up to a number. The
// formats are in lib/log_format.h.
//
// Theory of rotation. Only the monitor writes. A file that would outgrow its limit is closed at the end of a record, every
// name moves on by one (the last one falls off), and a new file is put in place by a rename, so that `ctr.log` exists all
// the time but for the moment between two renames. What has a number never changes again. Readers take no lock: they know
// files by device and inode, and look again when a name turns out to have moved on meanwhile.
#pragma once

#include "base/unique_fd.h"
#include "lib/log_format.h"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lib {

/// When a log is rotated and what is kept of it.
struct LogLimits {
    std::int64_t max_size = 0; ///< bytes of one file; 0: no limit, no rotation
    int max_files = 1;         ///< all of them, the one being written included
};

/// Appends records to a log. After construction nothing throws or allocates: a full disk loses records and never hurts
/// the container.
class RotatingFile {
public:
    /// Opens or makes the file (0600) and cuts off a record that a crash left unfinished. Throws SysError.
    RotatingFile(const std::string& path, LogLimits limits);

    enum class Take {
        all,
        blocks, ///< only so much that the file ends at a multiple of `block`
    };
    /// Records, each with its newline; a call goes on where the last one stopped, which may be within a record. Each file
    /// holds as many records as fit, one at least. Returns what was taken: written, or lost.
    std::size_t append(std::string_view records, Take take = Take::all) noexcept;
    /// Writes that begin and end at its multiples cost the kernel half of what others do (measured on ext4, Linux 6.18).
    static constexpr std::int64_t block = 128 << 10;

    /// The errno of the first failed write, once; later failures are not worth a second word.
    std::optional<int> take_error() noexcept;

private:
    [[nodiscard]] bool try_write(std::string_view records) noexcept;
    bool rotate() noexcept;
    void note_error(int error) noexcept;

    UniqueFd dir_; ///< where the names are, even after `--rm` has moved it to the trash
    std::vector<std::string> names_; ///< names_[i] is the file's that was rotated i times
    std::string next_name_;
    LogLimits limits_;
    UniqueFd file_;
    std::int64_t size_ = 0;
    std::int64_t whole_ = 0; ///< the end of the last whole record
    int error_ = 0;
    bool reported_ = false;
};

/// Which log, and how to read it.
struct LogSource {
    std::string path;
    LogFormat format = LogFormat::k8s;
    int max_files = 1;
};

/// The files of a log as one: offsets count from the first byte of the oldest one. Follows rotations when told to.
class LogFiles {
public:
    /// Throws SysError; Error when something is not a regular file.
    explicit LogFiles(const LogSource& source);

    /// pread(2) that goes on in the next file; 0 at the end. Throws SysError.
    std::size_t read(std::span<char> into, std::int64_t offset) const;
    std::int64_t size() const; ///< now
    /// Where the file that is being written begins and ends: its descriptor for watching, the directory of all.
    int current_fd() const noexcept { return files_.back().fd.get(); }
    int dir_fd() const noexcept { return dir_.get(); }

    /// Takes in the files that came since; true when there were any.
    bool advance();
    /// Nothing before `offset` is wanted any more.
    void forget_before(std::int64_t offset) noexcept;

private:
    struct File {
        UniqueFd fd;
        dev_t device = 0;
        ino_t inode = 0;
        std::int64_t begin = 0;
        std::int64_t size = 0; ///< final, unless it is the last one
    };
    std::optional<File> find_file(int number) const;
    bool is_number(const File& file, int number) const;
    int number_of(const File& file) const;
    int oldest() const;
    bool take_next();

    UniqueFd dir_;
    std::string name_;
    int max_files_;
    std::vector<File> files_; ///< oldest first, never empty
};

/// Reads records forward from any record boundary, with one fixed buffer whatever the files hold.
class LogReader {
public:
    explicit LogReader(const LogSource& source) : format_(source.format), files_(source) {}

    /// The next whole record; nullopt at the end of what is written by now (call again later to follow). Lines that are
    /// no records are skipped. Its text is valid until the next call. Throws SysError when the file cannot be read.
    std::optional<LogRecord> next();

    std::int64_t position() const noexcept { return position_; } ///< byte offset of the record that next() looks at
    void seek(std::int64_t record_start) noexcept;
    LogFiles& files() noexcept { return files_; }
    LogFormat format() const noexcept { return format_; }

private:
    bool fill();

    LogFormat format_;
    LogFiles files_;
    bool skipping_ = false; ///< inside a line longer than any record
    std::int64_t position_ = 0; ///< of buffer_[begin_] in the files
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string storage_; ///< of an unescaped text
    std::unique_ptr<std::array<char, 2 * max_log_line>> buffer_ = std::make_unique<std::array<char, 2 * max_log_line>>();
};

/// Where to begin so that the last `lines` lines follow: by LogStream, the offset before which no record of that stream is
/// wanted (a line of one may begin before a line of the other ended). Lines are in the order of their ends; one that is
/// not ended yet counts. Reads from the end backwards, no further than needed, with one fixed buffer. Where the
/// streams alternate, the beginning of a line is looked for 1 MiB back and no further. Throws SysError.
std::array<std::int64_t, 2> find_tail(const LogFiles& files, LogFormat format, std::uint64_t lines);

} // namespace lib
