// The file drivers and the choice of one; see lib/output_log.h.
#include "lib/output_log.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/time_point.h"

#include <algorithm>

namespace lib {

LogWriter::LogWriter(const std::string& path, LogFormat format, LogLimits limits, std::string tag)
    : file_(path, limits), format_(format), tag_(std::move(tag)) {}

LogWriter::~LogWriter() {
    const auto time = format_rfc3339(sys::realtime_ns());
    for (const LogStream stream : {LogStream::out, LogStream::err}) {
        const Carry& carry = carries_[static_cast<std::size_t>(stream)];
        if (carry.size > 0) add_record({stream, time, tag_}, {carry.bytes.data(), carry.size}, false);
    }
    flush();
}

void LogWriter::append(LogStream stream, std::span<const std::byte> bytes) noexcept {
    if (bytes.empty()) return;
    const RecordFrame frame{stream, format_rfc3339(sys::realtime_ns()), tag_};
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (format_ == LogFormat::json) {
        text = complete_carry(frame, text);
        // A character must not be cut in two by where a read happened to end.
        const std::size_t held = unfinished_utf8(text);
        Carry& carry = carries_[static_cast<std::size_t>(stream)];
        if (held > 0) carry.size = text.copy(carry.bytes.data(), carry.bytes.size(), text.size() - held);
        text.remove_suffix(held);
    }
    add(frame, text);
    if (bytes.size() < flood_read) flush();
}

/// Puts the bytes held back together with those that continue them; what is left of `text`.
std::string_view LogWriter::complete_carry(const RecordFrame& frame, std::string_view text) noexcept {
    Carry& carry = carries_[static_cast<std::size_t>(frame.stream)];
    while (carry.size > 0) {
        const std::string_view held(carry.bytes.data(), carry.size);
        const bool continues = !text.empty() && (static_cast<unsigned char>(text.front()) & 0xc0) == 0x80;
        if (unfinished_utf8(held) == carry.size && continues) {
            carry.bytes[carry.size++] = text.front();
            text.remove_prefix(1);
        } else if (unfinished_utf8(held) == carry.size && text.empty()) {
            break;
        } else {
            add_record(frame, held, false);
            carry.size = 0;
        }
    }
    return text;
}

void LogWriter::add(const RecordFrame& frame, std::string_view text) noexcept {
    while (!text.empty()) {
        const auto newline = text.substr(0, max_record_text + 1).find('\n');
        if (newline != text.npos) {
            add_record(frame, text.substr(0, newline), true);
            text.remove_prefix(newline + 1);
            continue;
        }
        std::size_t size = std::min(text.size(), max_record_text);
        if (format_ == LogFormat::json && size < text.size()) size -= unfinished_utf8(text.substr(0, size));
        add_record(frame, text.substr(0, size), false);
        text.remove_prefix(size);
    }
}

void LogWriter::add_record(const RecordFrame& frame, std::string_view text, bool ends_line) noexcept {
    const std::size_t most = format_ == LogFormat::k8s ? log_header_size + text.size() + 1 : 6 * (text.size() + 1 + frame.tag.size()) + 128;
    make_room(most);
    char* out = buffer_->data() + used_;
    used_ += format_ == LogFormat::k8s ? format_k8s_record(out, frame, text, ends_line) : format_json_record(out, frame, text, ends_line);
}

void LogWriter::make_room(std::size_t size) noexcept {
    if (buffer_size - used_ >= size) return;
    const std::size_t taken = file_.append({buffer_->data(), used_}, RotatingFile::Take::blocks);
    std::copy(buffer_->data() + taken, buffer_->data() + used_, buffer_->data());
    used_ -= taken;
    if (buffer_size - used_ < size) flush();
}

void LogWriter::flush() noexcept {
    if (used_ > 0) file_.append({buffer_->data(), used_});
    used_ = 0;
}

std::unique_ptr<OutputLog> open_output_log(const LogSettings& settings, const std::string& default_path, const TagSubject& container) {
    const std::string& path = settings.path.empty() ? default_path : settings.path;
    switch (settings.driver) {
    case LogDriver::k8s_file: return std::make_unique<LogWriter>(path, LogFormat::k8s, settings.limits());
    case LogDriver::json_file:
        return std::make_unique<LogWriter>(path, LogFormat::json, settings.limits(), settings.tag);
    case LogDriver::journald:
        return std::make_unique<JournalLog>(JournalLog::default_socket, container, settings.tag);
    case LogDriver::none:
    case LogDriver::passthrough:
    case LogDriver::passthrough_tty: break;
    }
    return nullptr;
}

} // namespace lib
