// See storage/tar_writer.h.
#include "storage/tar_writer.h"

#include "base/error.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace storage {
namespace {

constexpr std::uint64_t most_octal7 = 07777777;      // of a field with seven digits
constexpr std::uint64_t most_octal11 = 077777777777; // of one with eleven
constexpr std::size_t name_size = 100;

/// The ustar header, field by field.
struct Header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char user[32];
    char group[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char unused[12];
};
static_assert(sizeof(Header) == tar_block);

template <std::size_t N>
void put_number(char (&field)[N], std::uint64_t value) {
    for (std::size_t i = N - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
    std::copy_n(text.data(), std::min(N, text.size()), field);
}

char type_flag(EntryType type) {
    switch (type) {
    case EntryType::file: return '0';
    case EntryType::hardlink: return '1';
    case EntryType::symlink: return '2';
    case EntryType::char_device: return '3';
    case EntryType::block_device: return '4';
    case EntryType::directory: return '5';
    case EntryType::fifo: return '6';
    case EntryType::whiteout: break;
    }
    throw Error("a whiteout is no tar entry");
}

std::string block(const TarEntry& entry, char type, std::string_view name, std::uint64_t size) {
    Header header {};
    put_text(header.name, name);
    put_number(header.mode, entry.mode & 07777);
    put_number(header.uid, entry.uid <= most_octal7 ? entry.uid : 0);
    put_number(header.gid, entry.gid <= most_octal7 ? entry.gid : 0);
    put_number(header.size, size <= most_octal11 ? size : 0);
    put_number(header.mtime, entry.mtime >= 0 ? std::min<std::uint64_t>(static_cast<std::uint64_t>(entry.mtime), most_octal11) : 0);
    header.type = type;
    put_text(header.link, entry.link_target);
    std::memcpy(header.magic, "ustar", 6);
    std::memcpy(header.version, "00", 2);
    put_number(header.major, entry.device_major);
    put_number(header.minor, entry.device_minor);
    std::memset(header.checksum, ' ', sizeof header.checksum);
    unsigned sum = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
    for (std::size_t i = 0; i < sizeof header; ++i) sum += bytes[i];
    char digits[7] {};
    put_number(digits, sum);
    std::memcpy(header.checksum, digits, sizeof digits); // six digits, NUL, blank
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

/// "LENGTH KEY=VALUE\n", where the length counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3; // blank, '=', line feed
    std::size_t length = rest + 1;
    while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
    return cat(length, " ", key, "=", value, "\n");
}

/// Whether the bytes are UTF-8, which is what pax records are defined to be.
bool is_utf8(std::string_view text) {
    std::size_t following = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (following > 0) {
            if ((byte & 0xc0) != 0x80) return false;
            --following;
        } else if (byte >= 0x80) {
            following = byte >= 0xc2 && byte < 0xe0 ? 1 : (byte & 0xf0) == 0xe0 ? 2 : byte >= 0xf0 && byte < 0xf5 ? 3 : 0;
            if (following == 0) return false;
        }
    }
    return following == 0;
}

bool needs_gnu_name(std::string_view name) { return name.size() > name_size && !is_utf8(name); }

/// GNU's way for long names, whatever their bytes: an entry of type L (name) or K (link) before.
std::string gnu_long(char type, std::string_view name) {
    if (!needs_gnu_name(name)) return {};
    std::string text = block({}, type, "././@LongLink", name.size() + 1);
    text += name;
    text.append(1 + tar_padding(name.size() + 1), '\0');
    return text;
}

/// The records of what does not fit the ustar header.
std::string pax_records(const TarEntry& entry, std::string_view name, std::uint64_t size) {
    std::string records;
    if (name.size() > name_size && !needs_gnu_name(name)) records += pax_record("path", name);
    if (entry.link_target.size() > name_size && !needs_gnu_name(entry.link_target)) records += pax_record("linkpath", entry.link_target);
    if (entry.uid > most_octal7) records += pax_record("uid", std::to_string(entry.uid));
    if (entry.gid > most_octal7) records += pax_record("gid", std::to_string(entry.gid));
    if (size > most_octal11) records += pax_record("size", std::to_string(size));
    if (entry.mtime < 0 || static_cast<std::uint64_t>(entry.mtime) > most_octal11) records += pax_record("mtime", std::to_string(entry.mtime));
    for (const auto& [key, value] : entry.xattrs) records += pax_record("SCHILY.xattr." + key, value);
    return records;
}

std::string with_records(const std::string& records, std::string header) {
    if (records.empty()) return header;
    std::string text = block({}, 'x', "PaxHeaders/entry", records.size());
    text += records;
    text.append(tar_padding(records.size()), '\0');
    return text + header;
}

} // namespace

std::size_t tar_padding(std::uint64_t size) { return static_cast<std::size_t>((tar_block - size % tar_block) % tar_block); }

std::string tar_end() { return std::string(2 * tar_block, '\0'); }

std::string tar_header(const TarEntry& entry) {
    std::string name = entry.path;
    if (entry.type == EntryType::directory && !name.ends_with('/')) name += '/';
    const std::uint64_t size = entry.type == EntryType::file ? entry.size : 0;
    return with_records(pax_records(entry, name, size),
                        gnu_long('K', entry.link_target) + gnu_long('L', name) + block(entry, type_flag(entry.type), name, size));
}

std::string tar_sparse_header(const TarEntry& entry, const std::vector<TarExtent>& extents) {
    std::string map = cat(extents.size(), "\n");
    std::uint64_t stored = 0;
    for (const TarExtent& extent : extents) {
        map += cat(extent.offset, "\n", extent.length, "\n");
        stored += extent.length;
    }
    map.append(tar_padding(map.size()), '\0');
    // Who does not know the format gets a file of this name with the map in it, instead of a wrong one of the real name.
    const std::string name = "GNUSparseFile.0/" + entry.path;
    std::string records = pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0")
                          + pax_record("GNU.sparse.name", entry.path) + pax_record("GNU.sparse.realsize", std::to_string(entry.size));
    records += pax_records(entry, name.size() > name_size ? name : "", map.size() + stored);
    return with_records(records, block(entry, '0', name, map.size() + stored)) + map;
}

} // namespace storage
