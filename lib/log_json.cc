// json-file records, see lib/log_format.h.
#include "lib/log_format.h"
#include "lib/time_point.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace lib {
namespace {

/// Writes at the end of a buffer that is known to be large enough.
class Out {
public:
    explicit Out(char* begin) noexcept : begin_(begin), end_(begin) {}
    void put(char c) noexcept { *end_++ = c; }
    void put(std::string_view text) noexcept { end_ = std::copy(text.begin(), text.end(), end_); }
    void put_code(unsigned code) noexcept {
        constexpr std::string_view digits = "0123456789abcdef";
        put("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) put(digits[code >> shift & 0xf]);
    }
    std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }

private:
    char* begin_;
    char* end_;
};

/// The length of the UTF-8 character at the front, 0 where the bytes are none (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t i, unsigned least = 0x80, unsigned most = 0xbf) { return at(i) >= least && at(i) <= most; };
    const unsigned first = at(0);
    if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef)
        return continues(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf) && continues(2) ? 3 : 0;
    if (first >= 0xf0 && first <= 0xf4)
        return continues(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf) && continues(2) && continues(3) ? 4 : 0;
    return 0;
}

/// Whether a byte is written as it is and by itself.
constexpr std::array<bool, 256> make_plain() {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = true;
    for (const char special : {'"', '\\', '<', '>', '&'}) plain[static_cast<unsigned char>(special)] = false;
    return plain;
}
constexpr std::array<bool, 256> plain = make_plain();

/// Beyond what JSON asks for, what Docker escapes too: the three characters that mean something in HTML, and the two that
/// end a line in JavaScript.
void put_escaped(Out& out, std::string_view text) noexcept {
    for (;;) {
        std::size_t run = 0;
        while (run < text.size() && plain[static_cast<unsigned char>(text[run])]) ++run;
        out.put(text.substr(0, run));
        text.remove_prefix(run);
        if (text.empty()) return;
        const auto byte = static_cast<unsigned char>(text.front());
        std::size_t used = 1;
        if (byte == '"' || byte == '\\') {
            out.put('\\');
            out.put(text.front());
        } else if (byte == '\n') {
            out.put("\\n");
        } else if (byte == '\r') {
            out.put("\\r");
        } else if (byte == '\t') {
            out.put("\\t");
        } else if (byte < 0x80) {
            out.put_code(byte);
        } else if (used = utf8_length(text); used == 0) {
            used = 1;
            out.put_code(0xfffd);
        } else if (text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9")) {
            out.put_code(0x2000U | static_cast<unsigned char>(text[2] & 0x3f));
        } else {
            out.put(text.substr(0, used));
        }
        text.remove_prefix(used);
    }
}

} // namespace

std::size_t format_json_record(char* buffer, const RecordFrame& frame, std::string_view text, bool ends_line) noexcept {
    Out out(buffer);
    out.put("{\"log\":\"");
    put_escaped(out, text);
    out.put(ends_line ? "\\n\",\"stream\":\"" : "\",\"stream\":\"");
    out.put(frame.stream == LogStream::out ? "stdout" : "stderr");
    if (!frame.tag.empty()) {
        out.put("\",\"attrs\":{\"tag\":\"");
        put_escaped(out, frame.tag);
        out.put("\"},\"time\":\"");
    } else {
        out.put("\",\"time\":\"");
    }
    out.put(std::string_view(frame.time.data(), frame.time.size()));
    out.put("\"}\n");
    return out.size();
}

std::optional<LogRecord> parse_json_record(std::string_view line, std::string& storage) {
    const auto document = nlohmann::json::parse(line, nullptr, false);
    if (!document.is_object()) return std::nullopt;
    const auto text_of = [&](const char* name) {
        const auto found = document.find(name);
        return found != document.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
    };
    const std::string* text = text_of("log");
    const std::string* stream = text_of("stream");
    const std::string* written = text_of("time");
    const auto time = written ? parse_rfc3339(*written) : std::nullopt;
    if (!text || !stream || !time || (*stream != "stdout" && *stream != "stderr")) return std::nullopt;
    LogRecord record;
    record.stream = *stream == "stdout" ? LogStream::out : LogStream::err;
    record.time_ns = *time;
    record.ends_line = text->ends_with('\n');
    storage.assign(*text, 0, text->size() - (record.ends_line ? 1 : 0));
    record.text = storage;
    return record;
}

} // namespace lib
