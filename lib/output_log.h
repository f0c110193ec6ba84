// Where the monitor keeps what a container prints: one class for each kind of log driver.
#pragma once

#include "lib/log_file.h"
#include "lib/log_settings.h"

#include <sys/uio.h>

#include <memory>
#include <optional>

namespace lib {

class OutputLog {
public:
    OutputLog() = default;
    OutputLog(const OutputLog&) = delete;
    OutputLog& operator=(const OutputLog&) = delete;
    virtual ~OutputLog() = default;
    /// The bytes of one read, all with the time of now. Neither throws nor allocates; a log that cannot be written loses
    /// records and never hurts the container.
    virtual void append(LogStream stream, std::span<const std::byte> bytes) noexcept = 0;
    /// Some of a flood may be held back until this is called, which is before anybody waits for more.
    virtual void flush() noexcept {}
    /// The errno of the first failed write, once.
    virtual std::optional<int> take_error() noexcept { return std::nullopt; }
};

/// k8s-file and json-file. Records are gathered in one buffer. What one small read brought is written at once; of a flood
/// whole blocks are, and the rest with the next ones.
class LogWriter final : public OutputLog {
public:
    /// Throws SysError.
    explicit LogWriter(const std::string& path, LogFormat format = LogFormat::k8s, LogLimits limits = {}, std::string tag = {});
    void append(LogStream stream, std::span<const std::byte> bytes) noexcept override;
    void flush() noexcept override;
    ~LogWriter() override;

    std::optional<int> take_error() noexcept override { return file_.take_error(); }

private:
    /// The beginning of a character whose rest has not been printed yet (json-file).
    struct Carry {
        std::array<char, 4> bytes{};
        std::size_t size = 0;
    };
    void add(const RecordFrame& frame, std::string_view text) noexcept;
    void add_record(const RecordFrame& frame, std::string_view text, bool ends_line) noexcept;
    std::string_view complete_carry(const RecordFrame& frame, std::string_view text) noexcept;
    void make_room(std::size_t size) noexcept;

    static constexpr std::size_t flood_read = 32 << 10; ///< bytes of a read that is a flood's
    static constexpr std::size_t buffer_size = 2 * RotatingFile::block;
    static_assert(buffer_size > max_written_record);

    RotatingFile file_;
    LogFormat format_;
    std::string tag_;
    std::array<Carry, 2> carries_;
    std::size_t used_ = 0;
    std::unique_ptr<std::array<char, buffer_size>> buffer_ = std::make_unique<std::array<char, buffer_size>>();
};

/// The journal: a datagram a record, in the native protocol (systemd's JOURNAL_NATIVE_PROTOCOL), with Podman's fields. The
/// last one has no message, which journalctl does not show, but CTL_LOG_END=1: it tells `ctl logs` that nothing is missing.
class JournalLog final : public OutputLog {
public:
    static constexpr const char* default_socket = "/run/systemd/journal/socket";
    /// Throws Error when there is no journal.
    JournalLog(const std::string& socket_path, const TagSubject& container, const std::string& tag);
    void append(LogStream stream, std::span<const std::byte> bytes) noexcept override;
    ~JournalLog() override;

private:
    void send_all(std::span<iovec> vectors) noexcept;
    void send(LogStream stream, std::string_view text, bool ends_line) noexcept;
    UniqueFd socket_;
    std::string fields_; ///< of every record, each "NAME=value\n"
};

/// The log of a container as it is made; empty for the drivers that keep none. `default_path` is where the file is when the
/// settings name none. Throws SysError and Error.
std::unique_ptr<OutputLog> open_output_log(const LogSettings& settings, const std::string& default_path, const TagSubject& container);

} // namespace lib
