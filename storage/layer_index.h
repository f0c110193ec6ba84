// The index of a layer: what its tar said about every entry, and what is needed to build that tar again.
//
// File format, little-endian, version 2:
//   0  magic "ctlindex"   8  u32 version   12 u32 CRC-32 of the stream, the entries, and bytes 16 to 55, in that order
//   16 u64 entries' offset  24 u64 entries' length  32 u64 number of entries
//   40 u64 stream's offset  48 u64 stream's length
// Entries are records in the order of the tar (the fields of IndexEntry in their order, strings with a u32 length). Version 1 had the
// SHA-256 of each file, 32 bytes, where version 2 has the checksum; it is still read.
// The stream is one zstd frame of steps: u64 n, n bytes of tar as they were (headers, padding, content that no file
// holds), u32 entry number (no_entry: the end), u64 offset, u64 length: that part of the entry's file comes next.
// storage/ (light) reads and writes the entries; the stream belongs to storage/unpack.cc and storage/rebuild.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storage {

enum class EntryType : std::uint8_t { file, directory, symlink, hardlink, char_device, block_device, fifo, whiteout };

/// Of a file on disk, by st_mode; a socket counts as a file.
EntryType entry_type(std::uint32_t mode) noexcept;

/// Bits of IndexEntry::flags.
enum : std::uint32_t {
    entry_implicit = 1,      ///< a parent directory the tar did not list
    entry_replaced = 2,      ///< a later entry took its name; `location` says where its content went
    entry_not_created = 4,   ///< a device: only its record exists
    entry_xattrs_unset = 8,  ///< not all extended attributes could (or may) be set on disk
    entry_owner_unset = 16,  ///< the owner is here alone (single-id mode)
    entry_opaque = 32,       ///< a directory that hides the lower layers' content
};

struct IndexEntry {
    std::string path; ///< relative to the root, symbolic links in the parents resolved; "" is the root
    EntryType type = EntryType::file;
    std::uint32_t flags = 0;
    std::uint32_t mode = 0; ///< permission bits, with setuid, setgid and sticky
    std::uint32_t uid = 0;  ///< the image's ids
    std::uint32_t gid = 0;
    std::int64_t mtime = 0; ///< seconds since the epoch
    std::uint32_t mtime_ns = 0;
    std::uint64_t size = 0; ///< bytes of a regular file
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::uint32_t hardlink_group = 0;  ///< equal in all names of one file, 0 when it has one name
    std::string link_target;           ///< of symbolic links as it was; of hard links the path of the first name
    std::string location;              ///< path of the content below the layer's directory when it is not fs/<path>
    std::uint64_t checksum = 0;        ///< of a regular file's content (storage/checksum.h)
    std::optional<std::array<std::byte, 32>> sha256{}; ///< in its place, where a version 1 has been read
    std::vector<std::pair<std::string, std::string>> xattrs;
    bool operator==(const IndexEntry&) const = default;
};

inline constexpr std::uint32_t no_entry = 0xffffffff;
inline constexpr std::size_t index_header_size = 56;

struct LayerIndex {
    std::vector<IndexEntry> entries; ///< in the order of the tar
    std::uint64_t stream_offset = 0; ///< in the file, bytes
    std::uint64_t stream_length = 0;
};

/// CRC-32 (IEEE 802.3, reflected), continued from `crc`.
std::uint32_t crc32_update(std::uint32_t crc, std::string_view bytes) noexcept;

std::string encode_entries(const std::vector<IndexEntry>& entries);
/// The header of a file in which the stream follows it (it is written while unpacking) and the entries end it.
std::string encode_header(std::uint64_t stream_length, std::uint32_t stream_crc, std::string_view entries, std::size_t count);

/// Parses the index in `bytes`. Throws Error on anything that does not fit, checksum first.
LayerIndex parse_index(std::string_view bytes);

/// The index of an unpacked layer: the file `index` in its directory.
LayerIndex load_index(const std::string& layer_dir);

} // namespace storage
