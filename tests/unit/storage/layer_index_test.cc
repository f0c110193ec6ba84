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
    file.checksum = 0x0123456789abcdef;
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

TEST_CASE("an index of version 1 has the SHA-256 of a file where later ones have the checksum") {
    IndexEntry file;
    file.path = "etc/hosts";
    file.checksum = 1;
    std::string entries = storage::encode_entries({file});
    const std::size_t rest = sizeof(std::uint32_t); // the number of attributes comes last
    entries.replace(entries.size() - rest - sizeof file.checksum, sizeof file.checksum, std::string(32, '\x5a'));
    std::string bytes = storage::encode_header(0, 0, entries, 1) + entries;
    bytes[8] = 1;
    const auto index = storage::parse_index(bytes);
    REQUIRE(index.entries.size() == 1);
    file.checksum = 0;
    file.sha256.emplace().fill(std::byte{0x5a});
    CHECK(index.entries.front() == file);
    bytes[8] = 3;
    CHECK_THROWS_WITH(storage::parse_index(bytes), doctest::Contains("another version of ctl (3)"));
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
