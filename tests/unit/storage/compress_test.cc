#include "storage/compress.h"

#include "base/error.h"
#include "storage/decompress.h"
#include "storage/digest.h"
#include "storage/spool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using storage::Packing;

namespace {

class Text : public storage::ByteSource {
public:
    explicit Text(std::string text) : text_(std::move(text)) {}
    std::size_t read(std::span<std::byte> into) override {
        const std::size_t count = std::min<std::size_t>({into.size(), text_.size() - at_, 7777}); // odd pieces
        std::memcpy(into.data(), text_.data() + at_, count);
        at_ += count;
        return count;
    }

private:
    std::string text_;
    std::size_t at_ = 0;
};

std::string drain(storage::ByteSource& source) {
    std::string all;
    std::vector<std::byte> chunk(10007);
    while (const std::size_t count = source.read(chunk)) all.append(reinterpret_cast<const char*>(chunk.data()), count);
    return all;
}

std::string packed(const std::string& text, Packing packing, std::optional<int> level = {}) {
    Text source(text);
    return drain(*storage::open_compressed(source, packing, level));
}

std::string unpacked(const std::string& text) {
    Text source(text);
    return drain(*storage::open_decompressed(source));
}

std::string sample(std::size_t size) {
    std::minstd_rand random(7);
    std::string text;
    while (text.size() < size) text += std::to_string(random() % 1000) + " and so on, ";
    return text;
}

} // namespace

TEST_CASE("what is packed is unpacked to the same bytes, and is smaller") {
    for (const std::size_t size : {0UL, 1UL, 300'000UL, 3'000'000UL}) {
        const std::string text = sample(size);
        CAPTURE(size);
        CHECK(packed(text, Packing::none) == text);
        for (const Packing packing : {Packing::gzip, Packing::zstd})
            for (const std::optional<int> level : {std::optional<int>{}, std::optional<int>{1}, std::optional<int>{9}}) {
                const std::string small = packed(text, packing, level);
                CHECK(unpacked(small) == text);
                if (size > 1000) CHECK(small.size() < text.size() / 2);
                CHECK(packed(text, packing, level) == small); // a second push finds the same blob
            }
    }
}

TEST_CASE("levels that there are not") {
    CHECK_THROWS_WITH_AS(packed("", Packing::gzip, 10), "compression level 10: gzip has 1 to 9", Error);
    CHECK_THROWS_WITH_AS(packed("", Packing::zstd, 23), "compression level 23: zstd has 1 to 22", Error);
}

TEST_CASE("a spool knows digest and size and is read from anywhere") {
    const std::string text = sample(700'000);
    Text source(text);
    const storage::Spool spool(source, "/tmp");
    CHECK(spool.size() == text.size());
    CHECK(spool.digest() == storage::sha256_digest(text));
    CHECK(drain(*spool.open(0)) == text);
    CHECK(drain(*spool.open(650'000)) == text.substr(650'000));
}
