// See base/oci/content_type.h.
#include "base/oci/content_type.h"

#include <algorithm>
#include <utility>

namespace oci {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view blanks = "\t\n\f\r "sv;

/// How a file begins, and what is further on.
struct Pattern {
    std::string_view first;
    std::size_t offset; ///< of the second; 0: there is none
    std::string_view second;
    std::string_view type;
};

constexpr Pattern patterns[] = {
    {"%PDF-"sv, 0, {}, "application/pdf"},
    {"%!PS-Adobe-"sv, 0, {}, "application/postscript"},
    {"\xFE\xFF"sv, 0, {}, "text/plain; charset=utf-16be"},
    {"\xFF\xFE"sv, 0, {}, "text/plain; charset=utf-16le"},
    {"\xEF\xBB\xBF"sv, 0, {}, "text/plain; charset=utf-8"},
    {"\0\0\1\0"sv, 0, {}, "image/x-icon"},
    {"\0\0\2\0"sv, 0, {}, "image/x-icon"},
    {"BM"sv, 0, {}, "image/bmp"},
    {"GIF87a"sv, 0, {}, "image/gif"},
    {"GIF89a"sv, 0, {}, "image/gif"},
    {"RIFF"sv, 8, "WEBPVP"sv, "image/webp"},
    {"\x89PNG\r\n\x1A\n"sv, 0, {}, "image/png"},
    {"\xFF\xD8\xFF"sv, 0, {}, "image/jpeg"},
    {"FORM"sv, 8, "AIFF"sv, "audio/aiff"},
    {"ID3"sv, 0, {}, "audio/mpeg"},
    {"OggS\0"sv, 0, {}, "application/ogg"},
    {"MThd\0\0\0\6"sv, 0, {}, "audio/midi"},
    {"RIFF"sv, 8, "AVI "sv, "video/avi"},
    {"RIFF"sv, 8, "WAVE"sv, "audio/wave"},
    {"\x1A\x45\xDF\xA3"sv, 0, {}, "video/webm"},
    {"\0\1\0\0"sv, 0, {}, "font/ttf"},
    {"OTTO"sv, 0, {}, "font/otf"},
    {"ttcf"sv, 0, {}, "font/collection"},
    {"wOFF"sv, 0, {}, "font/woff"},
    {"wOF2"sv, 0, {}, "font/woff2"},
    {"\x1F\x8B\x08"sv, 0, {}, "application/x-gzip"},
    {"PK\3\4"sv, 0, {}, "application/zip"},
    {"Rar!\x1A\7\0"sv, 0, {}, "application/x-rar-compressed"},
    {"Rar!\x1A\7\1\0"sv, 0, {}, "application/x-rar-compressed"},
    {"\0asm"sv, 0, {}, "application/wasm"},
};

/// In upper case; each must be followed by a blank or '>'.
constexpr std::string_view html_tags[] = {"<!DOCTYPE HTML", "<HTML", "<HEAD", "<SCRIPT", "<IFRAME", "<H1",   "<DIV", "<FONT", "<TABLE",
                                          "<A",             "<STYLE", "<TITLE", "<B",     "<BODY",   "<BR", "<P",   "<!--"};

constexpr std::pair<std::string_view, std::string_view> name_types[] = {
    {"avif", "image/avif"}, {"css", "text/css"},         {"gif", "image/gif"},       {"htm", "text/html"},  {"html", "text/html"},
    {"jpeg", "image/jpeg"}, {"jpg", "image/jpeg"},       {"js", "text/javascript"}, {"json", "application/json"}, {"mjs", "text/javascript"},
    {"pdf", "application/pdf"}, {"png", "image/png"},    {"svg", "image/svg+xml"},   {"wasm", "application/wasm"}, {"webp", "image/webp"},
    {"xml", "text/xml"},
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_html(std::string_view text) {
    return std::ranges::any_of(html_tags, [&](std::string_view tag) {
        if (text.size() <= tag.size() || (text[tag.size()] != ' ' && text[tag.size()] != '>')) return false;
        return std::ranges::equal(text.substr(0, tag.size()), tag, {}, upper);
    });
}

bool is_mp4(std::string_view bytes) {
    if (bytes.size() < 12 || bytes.substr(4, 4) != "ftyp") return false;
    std::size_t size = 0;
    for (const char c : bytes.substr(0, 4)) size = size << 8 | static_cast<unsigned char>(c);
    if (size % 4 != 0 || bytes.size() < size) return false;
    for (std::size_t at = 8; at + 4 <= size; at += 4)
        if (at != 12 && bytes.substr(at, 3) == "mp4") return true; // at 12 is the version
    return false;
}

bool is_binary(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) || (byte >= 0x1C && byte <= 0x1F);
}

} // namespace

std::string sniff_content_type(std::string_view begin) {
    begin = begin.substr(0, sniffed_bytes);
    const std::string_view text = begin.substr(std::min(begin.find_first_not_of(blanks), begin.size()));
    if (is_html(text)) return "text/html; charset=utf-8";
    if (text.starts_with("<?xml")) return "text/xml; charset=utf-8";
    for (const Pattern& pattern : patterns)
        if (begin.starts_with(pattern.first) && (pattern.offset == 0 || begin.substr(std::min(pattern.offset, begin.size())).starts_with(pattern.second)))
            return std::string(pattern.type);
    if (begin.size() >= 36 && begin.substr(34, 2) == "LP") return "application/vnd.ms-fontobject";
    if (is_mp4(begin)) return "video/mp4";
    return std::ranges::any_of(text, is_binary) ? "application/octet-stream" : "text/plain; charset=utf-8";
}

std::string content_type_of_name(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    std::string end(name.substr(dot + 1));
    std::ranges::transform(end, end.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    for (const auto& [known, type] : name_types)
        if (end == known) return std::string(type);
    return {};
}

} // namespace oci
