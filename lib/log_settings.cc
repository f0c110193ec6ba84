// Log drivers and their options; see lib/log_settings.h.
#include "lib/log_settings.h"

#include "base/error.h"

#include <array>
#include <charconv>
#include <utility>

namespace lib {
namespace {

constexpr std::array<std::pair<const char*, LogDriver>, 6> drivers{{{"k8s-file", LogDriver::k8s_file},
                                                                    {"json-file", LogDriver::json_file},
                                                                    {"journald", LogDriver::journald},
                                                                    {"none", LogDriver::none},
                                                                    {"passthrough", LogDriver::passthrough},
                                                                    {"passthrough-tty", LogDriver::passthrough_tty}}};
constexpr int most_files = 500; ///< a reader opens all of them

template <class Number>
bool parse_whole(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

/// "10m": bytes, or units of 1024 as for --memory. -1 and 0: no limit.
std::int64_t parse_max_size(const std::string& text) {
    if (text == "-1") return 0;
    std::string number = text;
    int shift = 0;
    for (const std::string_view suffix : {"ib", "iB", "b", "B"})
        if (number.size() > suffix.size() && number.ends_with(suffix)) {
            number.resize(number.size() - suffix.size());
            break;
        }
    constexpr std::string_view units = "kmgt";
    if (!number.empty())
        if (const auto unit = units.find(static_cast<char>(number.back() | 0x20)); unit != units.npos) {
            shift = 10 * (static_cast<int>(unit) + 1);
            number.pop_back();
        }
    std::int64_t size = 0;
    if (!parse_whole(number, size) || size < 0 || size > INT64_MAX >> shift)
        throw Error("--log-opt max-size=", text, ": not a size; write for example max-size=10m, or -1 for no limit");
    return size << shift;
}

int parse_max_files(const std::string& text) {
    int number = 0;
    if (!parse_whole(text, number) || number < 1 || number > most_files)
        throw Error("--log-opt max-file=", text, ": not a number from 1 to ", most_files);
    return number;
}

} // namespace

std::string to_string(LogDriver driver) {
    for (const auto& [name, value] : drivers)
        if (value == driver) return name;
    return "unknown";
}

LogDriver parse_log_driver(const std::string& name) {
    std::string known;
    for (const auto& [text, value] : drivers) {
        if (name == text) return value;
        known += cat(known.empty() ? "" : ", ", text);
    }
    throw Error("--log-driver=", name, ": no such log driver; there are ", known);
}

LogSettings parse_log_settings(const std::string& driver, const std::vector<std::string>& options) {
    LogSettings settings;
    if (!driver.empty()) settings.driver = parse_log_driver(driver);
    for (const std::string& option : options) {
        const auto equals = option.find('=');
        if (equals == option.npos || equals == 0) throw Error("--log-opt ", option, ": write KEY=VALUE");
        const std::string key = option.substr(0, equals);
        const std::string value = option.substr(equals + 1);
        const bool of_file = key == "path" || key == "max-size" || key == "max-file";
        if (!of_file && key != "tag") throw Error("--log-opt ", key, ": no such option; there are path, max-size, max-file, tag");
        const bool fits = of_file ? settings.keeps_file() : settings.driver == LogDriver::journald || settings.driver == LogDriver::json_file;
        if (!fits) throw Error("--log-opt ", key, ": the log driver ", to_string(settings.driver), " has no use for it");
        if (key == "path" && value.empty()) throw Error("--log-opt path=: the path is missing");
        if (key == "path") settings.path = value;
        if (key == "max-size") settings.max_size = parse_max_size(value);
        if (key == "max-file") settings.max_files = parse_max_files(value);
        if (key == "tag") settings.tag = value;
    }
    return settings;
}

std::string expand_tag(const std::string& tag, const TagSubject& subject) {
    const std::array<std::pair<std::string_view, std::string>, 6> names{{{".ID", subject.id.substr(0, 12)},
                                                                         {".FullID", subject.id},
                                                                         {".Name", subject.name},
                                                                         {".ImageName", subject.image},
                                                                         {".ImageID", subject.image_id.substr(0, 12)},
                                                                         {".ImageFullID", subject.image_id}}};
    std::string text;
    for (std::size_t at = 0; at < tag.size();) {
        const auto open = tag.find("{{", at);
        text += tag.substr(at, open - at);
        if (open == tag.npos) break;
        const auto close = tag.find("}}", open);
        if (close == tag.npos) throw Error("--log-opt tag=", tag, ": \"{{\" without \"}}\"");
        std::string inside = tag.substr(open + 2, close - open - 2);
        std::erase(inside, ' ');
        const std::string* value = nullptr;
        for (const auto& [name, known] : names)
            if (inside == name) value = &known;
        if (!value)
            throw Error("--log-opt tag=", tag, ": {{", inside, "}} is not supported, only {{.ID}}, {{.FullID}}, {{.Name}}, ",
                        "{{.ImageName}}, {{.ImageID}} and {{.ImageFullID}}");
        text += *value;
        at = close + 2;
    }
    for (const char c : text)
        if (static_cast<unsigned char>(c) < ' ') throw Error("--log-opt tag=: control characters are not allowed");
    if (text.size() > max_tag) throw Error("--log-opt tag=: longer than ", max_tag, " bytes");
    return text;
}

} // namespace lib
