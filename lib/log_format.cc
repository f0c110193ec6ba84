// k8s-file records, and what both formats share; see lib/log_format.h. The other one is in log_json.cc.
#include "lib/log_format.h"

#include "lib/time_point.h"

#include <algorithm>

namespace lib {

std::optional<LogRecord> parse_log_record(LogFormat format, std::string_view line, std::string& storage) {
    return format == LogFormat::k8s ? parse_k8s_record(line) : parse_json_record(line, storage);
}

std::optional<LogRecord> parse_k8s_record(std::string_view line) noexcept {
    constexpr std::size_t longest_time = 35; // with an offset, which is five longer than "Z"
    LogRecord record;
    const auto time_end = line.find(' ');
    if (time_end == line.npos || time_end > longest_time) return std::nullopt;
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

std::size_t format_k8s_record(char* out, const RecordFrame& frame, std::string_view text, bool ends_line) noexcept {
    char* end = std::copy(frame.time.begin(), frame.time.end(), out);
    const std::string_view name = frame.stream == LogStream::out ? " stdout " : " stderr ";
    end = std::copy(name.begin(), name.end(), end);
    *end++ = ends_line ? 'F' : 'P';
    *end++ = ' ';
    end = std::copy(text.begin(), text.end(), end);
    *end++ = '\n';
    return static_cast<std::size_t>(end - out);
}

std::size_t unfinished_utf8(std::string_view text) noexcept {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xc0) == 0x80) continue; // in the middle of a character
        const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
        return length > back && byte < 0xf5 ? back : 0;
    }
    return 0;
}

} // namespace lib
