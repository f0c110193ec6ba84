// Encoding of a layer's index, see storage/layer_index.h.
#include "storage/layer_index.h"

#include "base/error.h"
#include "base/files.h"

#include <sys/stat.h>
#include <algorithm>
#include <concepts>

namespace storage {
namespace {

constexpr std::string_view magic = "ctlindex";
constexpr std::uint32_t format_version = 2, first_version = 1;
constexpr std::size_t checked_from = 16;
constexpr std::size_t max_index_size = std::size_t{2} << 30;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
        table[i] = value;
    }
    return table;
}
constexpr auto crc_table = make_crc_table();

template <std::unsigned_integral T>
void put(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

/// Reads what put wrote; running out of bytes is an Error.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    bool at_end() const { return rest_.empty(); }

    std::string_view take(std::size_t count) {
        if (count > rest_.size()) throw Error("layer index: ends in the middle of an entry");
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    template <std::unsigned_integral T>
    T number() {
        const std::string_view bytes = take(sizeof(T));
        T value = 0;
        for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((value << (sizeof(T) > 1 ? 8 : 0)) | static_cast<unsigned char>(bytes[i]));
        return value;
    }
    std::string text() { return std::string(take(number<std::uint32_t>())); }

private:
    std::string_view rest_;
};

void put_entry(std::string& out, const IndexEntry& entry) {
    put_text(out, entry.path);
    put(out, static_cast<std::uint8_t>(entry.type));
    for (const std::uint32_t n : {entry.flags, entry.mode, entry.uid, entry.gid}) put(out, n);
    put(out, static_cast<std::uint64_t>(entry.mtime));
    put(out, entry.mtime_ns);
    put(out, entry.size);
    for (const std::uint32_t n : {entry.device_major, entry.device_minor, entry.hardlink_group}) put(out, n);
    put_text(out, entry.link_target);
    put_text(out, entry.location);
    put(out, entry.checksum);
    put(out, static_cast<std::uint32_t>(entry.xattrs.size()));
    for (const auto& [name, value] : entry.xattrs) {
        put_text(out, name);
        put_text(out, value);
    }
}

IndexEntry read_entry(Reader& in, std::uint32_t version) {
    IndexEntry entry;
    entry.path = in.text();
    const auto type = in.number<std::uint8_t>();
    if (type > static_cast<std::uint8_t>(EntryType::whiteout)) throw Error("layer index: unknown entry type ", int{type});
    entry.type = static_cast<EntryType>(type);
    for (std::uint32_t* n : {&entry.flags, &entry.mode, &entry.uid, &entry.gid}) *n = in.number<std::uint32_t>();
    entry.mtime = static_cast<std::int64_t>(in.number<std::uint64_t>());
    entry.mtime_ns = in.number<std::uint32_t>();
    entry.size = in.number<std::uint64_t>();
    for (std::uint32_t* n : {&entry.device_major, &entry.device_minor, &entry.hardlink_group}) *n = in.number<std::uint32_t>();
    entry.link_target = in.text();
    entry.location = in.text();
    if (version != first_version) entry.checksum = in.number<std::uint64_t>();
    else for (std::byte& b : entry.sha256.emplace()) b = static_cast<std::byte>(in.number<std::uint8_t>());
    for (auto count = in.number<std::uint32_t>(); count > 0; --count) {
        std::string name = in.text();
        entry.xattrs.emplace_back(std::move(name), in.text());
    }
    return entry;
}

} // namespace

EntryType entry_type(std::uint32_t mode) noexcept {
    switch (mode & S_IFMT) {
    case S_IFDIR: return EntryType::directory;
    case S_IFLNK: return EntryType::symlink;
    case S_IFCHR: return EntryType::char_device;
    case S_IFBLK: return EntryType::block_device;
    case S_IFIFO: return EntryType::fifo;
    default: return EntryType::file;
    }
}

std::uint32_t crc32_update(std::uint32_t crc, std::string_view bytes) noexcept {
    crc = ~crc;
    for (const char c : bytes) crc = (crc >> 8) ^ crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
    return ~crc;
}

std::string encode_entries(const std::vector<IndexEntry>& entries) {
    std::string out;
    for (const IndexEntry& entry : entries) put_entry(out, entry);
    return out;
}

std::string encode_header(std::uint64_t stream_length, std::uint32_t stream_crc, std::string_view entries, std::size_t count) {
    std::string sizes;
    put(sizes, std::uint64_t{index_header_size + stream_length});
    put(sizes, std::uint64_t{entries.size()});
    put(sizes, std::uint64_t{count});
    put(sizes, std::uint64_t{index_header_size});
    put(sizes, stream_length);
    std::string header(magic);
    put(header, format_version);
    put(header, crc32_update(crc32_update(stream_crc, entries), sizes));
    return header + sizes;
}

LayerIndex parse_index(std::string_view bytes) {
    if (bytes.size() < index_header_size || !bytes.starts_with(magic)) throw Error("layer index: not an index file");
    Reader header(bytes.substr(magic.size(), index_header_size - magic.size()));
    const auto version = header.number<std::uint32_t>();
    if (version != format_version && version != first_version)
        throw Error("layer index: written by another version of ctl (", version, ")");
    const auto crc = header.number<std::uint32_t>();
    const auto entries_offset = header.number<std::uint64_t>();
    const auto entries_length = header.number<std::uint64_t>();
    const auto count = header.number<std::uint64_t>();
    LayerIndex index;
    index.stream_offset = header.number<std::uint64_t>();
    index.stream_length = header.number<std::uint64_t>();
    if (index.stream_offset != index_header_size || index.stream_length > bytes.size() - index_header_size
        || entries_offset != index_header_size + index.stream_length || entries_length != bytes.size() - entries_offset)
        throw Error("layer index: truncated, or of a length that does not fit");
    // The checksum runs over stream, entries, sizes: the stream is written first and the sizes are known last.
    const std::string_view body = bytes.substr(index_header_size);
    const std::string_view sizes = bytes.substr(checked_from, index_header_size - checked_from);
    if (crc32_update(crc32_update(0, body), sizes) != crc) throw Error("layer index: damaged (its checksum does not fit)");

    Reader in(body.substr(index.stream_length));
    index.entries.reserve(std::min<std::uint64_t>(count, entries_length)); // each has more than one byte
    while (!in.at_end()) index.entries.push_back(read_entry(in, version));
    if (index.entries.size() != count) throw Error("layer index: has ", index.entries.size(), " entries instead of ", count);
    return index;
}

LayerIndex load_index(const std::string& layer_dir) {
    const std::string file = layer_dir + "/index";
    try {
        return parse_index(files::read(file, max_index_size));
    } catch (Error& e) {
        e.add_context(file);
        throw;
    }
}

} // namespace storage
