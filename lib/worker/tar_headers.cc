// The headers of an image archive's tar: ustar, pax (path, linkpath, size) and GNU long names.
//
// This is the outer tar alone: a table of where its members lie. Layers are read by storage/unpack.cc.
#include "base/error.h"
#include "base/oci/digest.h"
#include "base/sys.h"
#include "lib/worker/archive.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

namespace lib::worker {
namespace {

constexpr std::uint64_t block = 512;
constexpr std::uint64_t longest_extension = 1 << 20; ///< bytes of a pax header or a GNU long name
constexpr std::size_t most_members = 100'000;

using Header = std::array<char, block>;

std::string_view field(const Header& header, std::size_t offset, std::size_t size) {
    const std::string_view text(header.data() + offset, size);
    return text.substr(0, text.find('\0'));
}

/// Octal digits, or base-256 where the first byte's highest bit is set (GNU). nullopt for anything else.
std::optional<std::uint64_t> find_number(const Header& header, std::size_t offset, std::size_t size) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(header[offset + i]); };
    if ((byte(0) & 0x80) != 0) {
        std::uint64_t value = byte(0) & 0x7f;
        for (std::size_t i = 1; i < size; ++i) {
            if (value >> 55 != 0) return std::nullopt;
            value = value << 8 | byte(i);
        }
        return value;
    }
    std::string_view text = field(header, offset, size);
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    if (!text.empty() && (error != std::errc() || end != text.data() + text.size())) return std::nullopt;
    return value;
}

void check_sum(const Header& header) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i)
        sum += i >= 148 && i < 156 ? std::uint64_t{' '} : static_cast<unsigned char>(header[i]);
    if (sum != find_number(header, 148, 8)) throw Error("archive: not a tar file, or damaged: a header's checksum is wrong");
}

/// What an extension header says about the member after it.
struct Extension {
    std::optional<std::string> path;
    std::optional<std::string> link;
    std::optional<std::uint64_t> size;
};

/// Records of "LENGTH KEY=VALUE\n" (pax(1), "pax Extended Header").
void parse_pax(std::string_view text, Extension& extension) {
    while (!text.empty() && text.front() != '\0') {
        std::size_t length = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
        const auto digits = static_cast<std::size_t>(end - text.data());
        if (error != std::errc() || length > text.size() || length < digits + 3 || text[digits] != ' ' || text[length - 1] != '\n')
            throw Error("archive: malformed pax header");
        const std::string_view record = text.substr(digits + 1, length - digits - 2);
        const auto equals = record.find('=');
        if (equals == std::string_view::npos) throw Error("archive: malformed pax header");
        const std::string_view key = record.substr(0, equals);
        const std::string_view value = record.substr(equals + 1);
        if (key == "path") extension.path = value;
        if (key == "linkpath") extension.link = value;
        if (key == "size") {
            std::uint64_t size = 0;
            const auto [stop, bad] = std::from_chars(value.data(), value.data() + value.size(), size);
            if (bad != std::errc() || stop != value.data() + value.size()) throw Error("archive: malformed pax header: size");
            extension.size = size;
        }
        text.remove_prefix(length);
    }
}

/// "./a/b/" → "a/b"; empty for the root itself. Throws Error for what is not a plain relative path.
std::string plain_name(const std::string& name) {
    std::string plain;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        const std::string part = name.substr(begin, end - begin);
        begin = end + 1;
        if (part == ".." || (part.empty() && end == 0 && !name.empty()))
            throw Error("archive: member name \"", oci::printable(name), "\" leaves the archive");
        if (part.empty() || part == ".") continue;
        plain += (plain.empty() ? "" : "/") + part;
    }
    if (plain.find('\0') != std::string::npos) throw Error("archive: a member name contains a NUL character");
    return plain;
}

/// Walks from header to header.
class HeaderReader {
public:
    HeaderReader(int fd, std::uint64_t file_size) : whole_{fd, 0, file_size, {}} {}

    /// The next member and its name; nullopt at the end of the archive.
    std::optional<std::pair<std::string, TarArchive::Entry>> next() {
        Extension extension;
        Header header{};
        while (read_header(header)) {
            const char type = header[156];
            const bool extends = type == 'x' || type == 'g' || type == 'L' || type == 'K';
            const auto own_size = find_number(header, 124, 12);
            if (!own_size) throw Error("archive: damaged: a member's size is no number");
            const std::uint64_t size = extends ? *own_size : extension.size.value_or(*own_size);
            if (size > whole_.size || position_ > whole_.size - size) throw Error("archive: truncated");
            if (type == 'x') parse_pax(content(size), extension);
            else if (type == 'L') extension.path = c_string(content(size));
            else if (type == 'K') extension.link = c_string(content(size));
            else if (type != 'g') return member(header, extension, size);
            skip(size);
        }
        return std::nullopt;
    }

private:
    bool read_header(Header& header) {
        if (whole_.size - position_ < block) return false;
        const std::string bytes = Member{whole_.fd, position_, block, {}}.read("archive", block);
        std::copy(bytes.begin(), bytes.end(), header.begin());
        position_ += block;
        if (std::all_of(header.begin(), header.end(), [](char c) { return c == '\0'; })) return false;
        check_sum(header);
        return true;
    }

    std::string content(std::uint64_t size) const {
        return Member{whole_.fd, position_, size, {}}.read("archive: extension header", longest_extension);
    }
    static std::string c_string(const std::string& text) { return text.substr(0, text.find('\0')); }
    void skip(std::uint64_t size) { position_ = std::min(whole_.size, position_ + (size + block - 1) / block * block); }

    std::pair<std::string, TarArchive::Entry> member(const Header& header, const Extension& extension, std::uint64_t size) {
        std::string name(field(header, 0, 100));
        if (field(header, 257, 5) == "ustar" && header[262] == '\0' && header[345] != '\0')
            name = cat(field(header, 345, 155), "/", name);
        char type = header[156];
        if (type == '\0' || type == '7') type = '0'; // old tar's and contiguous regular files
        if (type == '0' && name.ends_with('/') && !extension.path) type = '5';
        TarArchive::Entry entry{type, position_, size, extension.link.value_or(std::string(field(header, 157, 100)))};
        if (type != '1' && type != '2' && type != '5') skip(size); // those carry no content, whatever their size field says
        return {plain_name(extension.path.value_or(name)), std::move(entry)};
    }

    Member whole_;
    std::uint64_t position_ = 0;
};

} // namespace

TarArchive::TarArchive(UniqueFd fd) : fd_(std::move(fd)) {
    HeaderReader reader(fd_.get(), static_cast<std::uint64_t>(sys::fstat(fd_.get(), "archive").st_size));
    while (auto next = reader.next()) {
        auto& [name, entry] = *next;
        if (name.empty()) continue;
        if (entries_.size() == most_members) throw Error("archive: more than ", most_members, " members: not an image archive");
        const auto [it, fresh] = entries_.try_emplace(name, entry);
        if (fresh || (it->second.type == '5' && entry.type == '5')) continue;
        throw Error("archive: ", oci::printable(name), " is there twice");
    }
    if (entries_.empty()) throw Error("archive: empty, or not a tar file");
}

} // namespace lib::worker
