#include "storage/decompress.h"

#include "storage/decoder.h"
#include "support.h"

using namespace support;

namespace {

std::string plain_of(const std::string& compressed, std::size_t piece, const storage::DecompressLimits& limits = {}) {
    StringSource source(compressed, piece);
    return read_all(*storage::open_decompressed(source, limits), 7777);
}

std::string zlib_plain_of(const std::string& compressed, std::size_t piece) {
    StringSource source(compressed, piece);
    storage::DecoderInput input(source);
    return read_all(*storage::make_zlib_decoder(input));
}

} // namespace

TEST_CASE("gzip, zstd and plain bytes are told apart and come out as they went in") {
    const std::string plain = noise(300000) + std::string(400000, 'x');
    for (const std::size_t piece : {std::size_t{1000003}, std::size_t{977}}) {
        CHECK(plain_of(gzip(plain), piece) == plain);
        CHECK(plain_of(support::zstd(plain), piece) == plain);
        CHECK(plain_of(plain, piece) == plain);
        CHECK(zlib_plain_of(gzip(plain), piece) == plain);
    }
    CHECK(plain_of("", 1).empty());
}

TEST_CASE("all members of a gzip stream and all frames of a zstd stream are read") {
    std::string gz, zs, plain;
    for (std::uint32_t i = 0; i < 300; ++i) {
        const std::string part = noise(i * 7 % 501, i);
        gz += gzip(part);
        zs += support::zstd(part);
        plain += part;
    }
    const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{13}, std::size_t{4096}, std::size_t{1000000}}) {
        CHECK(plain_of(gz, piece) == plain);
        CHECK(plain_of(zs + skippable, piece) == plain);
        CHECK(zlib_plain_of(gz, piece) == plain);
    }
}

TEST_CASE("truncated streams are errors, wherever they end") {
    const std::string plain = noise(50000) + std::string(50000, 'y');
    const std::string gz = gzip(plain), zs = support::zstd(plain);
    for (const std::size_t cut : {std::size_t{1}, std::size_t{4}, std::size_t{8}, std::size_t{1000}}) {
        CHECK(error_of([&] { plain_of(gz.substr(0, gz.size() - cut), 4096); }).find("truncated") != std::string::npos);
        CHECK(error_of([&] { zlib_plain_of(gz.substr(0, gz.size() - cut), 4096); }).find("truncated") != std::string::npos);
        CHECK(error_of([&] { plain_of(zs.substr(0, zs.size() - cut), 4096); }).find("truncated") != std::string::npos);
    }
    CHECK(error_of([&] { plain_of(gz.substr(0, 5), 4096); }).find("truncated") != std::string::npos);
}

TEST_CASE("damage and garbage behind the end are errors") {
    const std::string plain = noise(50000);
    std::string gz = gzip(plain), zs = support::zstd(plain);
    CHECK_FALSE(error_of([&] { plain_of(gz + "garbage", 4096); }).empty());
    CHECK_FALSE(error_of([&] { plain_of(gz + std::string(512, '\0'), 4096); }).empty());
    CHECK_FALSE(error_of([&] { zlib_plain_of(gz + "garbage", 4096); }).empty());
    CHECK_FALSE(error_of([&] { plain_of(zs + "garbage", 4096); }).empty());
    gz[gz.size() - 6] = static_cast<char>(gz[gz.size() - 6] ^ 1); // the checksum
    CHECK_FALSE(error_of([&] { plain_of(gz, 4096); }).empty());
    CHECK_FALSE(error_of([&] { zlib_plain_of(gz, 4096); }).empty());
}

TEST_CASE("bombs are refused at the limit") {
    const std::string bomb = support::zstd(std::string(64 << 20, '\0'));
    CHECK(error_of([&] { plain_of(bomb, 4096, {.max_bytes = 1 << 20}); }).find("more than 1048576 bytes") != std::string::npos);
    CHECK(error_of([&] { plain_of(bomb, 4096, {.ratio_free_bytes = 1 << 20}); }).find("bomb") != std::string::npos);
    CHECK(plain_of(gzip(std::string(64 << 20, '\0')), 65536, {.ratio_free_bytes = 1 << 20}).size() == 64 << 20);
}

TEST_CASE("formats that layers do not have are named") {
    CHECK(error_of([] { plain_of(std::string("\xfd" "7zXZ\0rest", 10), 4096); }).find("xz") != std::string::npos);
    CHECK(error_of([] { plain_of("BZh91AY&SY", 4096); }).find("bzip2") != std::string::npos);
}

TEST_CASE("a verified source ends only when digest and size are right") {
    const std::string text = "some content";
    const auto read = [&](const std::string& digest, long long size) {
        StringSource source(text, 5);
        storage::VerifiedSource verified(source, digest, size, "blob");
        return read_all(verified);
    };
    CHECK(read(storage::sha256_digest(text), 12) == text);
    CHECK(read(storage::sha256_digest(text), -1) == text);
    CHECK(error_of([&] { read(storage::sha256_digest("other"), -1); }).find("digest") != std::string::npos);
    CHECK(error_of([&] { read(storage::sha256_digest(text), 11); }).find("longer") != std::string::npos);
    CHECK(error_of([&] { read(storage::sha256_digest(text), 13); }).find("shorter") != std::string::npos);
    CHECK(storage::sha256_digest("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
