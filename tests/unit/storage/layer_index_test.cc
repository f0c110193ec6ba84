#include "storage/layer_index.h"

#include "support.h"

using storage::EntryType;
using storage::IndexEntry;

namespace {

std::vector<IndexEntry> sample() {
    IndexEntry file;
    file.path = "usr/bin/tool";
    file.flags = storage::entry_replaced;
    file.mode = 04755;
    file.uid = 7;
    file.gid = 65534;
    file.mtime = -5;
    file.mtime_ns = 999999999;
    file.size = std::uint64_t{1} << 40;
    file.hardlink_group = 3;
    file.location = "replaced/0";
    file.sha256.fill(std::byte{0xab});
    file.xattrs = {{"user.note", std::string("a\0b", 3)}, {"security.capability", ""}};
    IndexEntry device;
    device.path = "dev/sda";
    device.type = EntryType::block_device;
    device.device_major = 8;
    device.device_minor = 300;
    IndexEntry link;
    link.path = "lib";
    link.type = EntryType::symlink;
    link.link_target = "usr/lib";
    return {file, device, link, IndexEntry{}};
}

std::string encode(const std::vector<IndexEntry>& entries, const std::string& stream) {
    const std::string encoded = storage::encode_entries(entries);
    return storage::encode_header(stream.size(), storage::crc32_update(0, stream), encoded, entries.size()) + stream + encoded;
}

} // namespace

TEST_CASE("the checksum is the CRC-32 everybody has") {
    CHECK(storage::crc32_update(0, "123456789") == 0xcbf43926U);
    CHECK(storage::crc32_update(storage::crc32_update(0, "1234"), "56789") == 0xcbf43926U);
}

TEST_CASE("entries come back as they were written") {
    const auto index = storage::parse_index(encode(sample(), "the stream"));
    CHECK(index.entries == sample());
    CHECK(index.stream_offset == storage::index_header_size);
    CHECK(index.stream_length == 10);
    CHECK(storage::parse_index(encode({}, "")).entries.empty());
}

TEST_CASE("every damaged byte and every truncation is noticed") {
    const std::string good = encode(sample(), "the stream");
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 0x10);
        CHECK_THROWS_AS(storage::parse_index(bad), Error);
        CHECK_THROWS_AS(storage::parse_index(good.substr(0, i)), Error);
    }
    CHECK_THROWS_AS(storage::parse_index(good + "x"), Error);
}
