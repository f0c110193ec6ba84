#include "storage/fuse/splice.h"

#include "base/sys.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <linux/fuse.h>
#include <unistd.h>

#include <cstring>
#include <string>

using storage::fuse::Splicer;

namespace {

/// On a disk: of tmpfs nobody can ask whether reading it would have to wait.
UniqueFd file_with(const std::string& content) {
    UniqueFd file = sys::open("/var/tmp", O_TMPFILE | O_RDWR);
    sys::write_all(file.get(), content, "a file");
    return file;
}

std::string numbers(std::size_t size) {
    std::string text;
    for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + " ";
    text.resize(size);
    return text;
}

std::string all_of(int fd) {
    REQUIRE(::lseek(fd, 0, SEEK_SET) == 0);
    return sys::read_to_end(fd, 1 << 20, "a file");
}

} // namespace

TEST_CASE("the answer is a header and what the file has there") {
    const std::string text = numbers(300'000);
    const UniqueFd file = file_with(text), device = file_with("");
    Splicer splicer;
    REQUIRE(splicer.send(device.get(), 77, file.get(), 131072, 4097)); // not where a page begins
    const std::string sent = all_of(device.get());
    fuse_out_header header{};
    REQUIRE(sent.size() == sizeof header + 131072);
    std::memcpy(&header, sent.data(), sizeof header);
    CHECK(header.len == sent.size());
    CHECK(header.unique == 77);
    CHECK(header.error == 0);
    CHECK(sent.substr(sizeof header) == text.substr(4097, 131072));
}

TEST_CASE("where the file has less, or it is too much for the pipe, nothing is sent, and the next answer is right") {
    const std::string text = numbers(600'000);
    const UniqueFd file = file_with(text), device = file_with("");
    Splicer splicer;
    CHECK(!splicer.send(device.get(), 1, file.get(), 131072, 500'000));
    CHECK(!splicer.send(device.get(), 2, file.get(), 1 << 19, 0));
    CHECK(all_of(device.get()).empty());
    REQUIRE(splicer.send(device.get(), 3, file.get(), 100'000, 500'000));
    CHECK(all_of(device.get()).substr(sizeof(fuse_out_header)) == text.substr(500'000));
}
