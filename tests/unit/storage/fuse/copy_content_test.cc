// Copying content: bytes, lengths and holes.
#include "storage/fuse/copy_content.h"

#include "base/unique_fd.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

using storage::fuse::copy_content;

namespace {

UniqueFd unnamed() { return UniqueFd(::open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); }

std::string content(int fd) {
    struct stat st {};
    REQUIRE(::fstat(fd, &st) == 0);
    std::string text(static_cast<std::size_t>(st.st_size), '\0');
    REQUIRE(::pread(fd, text.data(), text.size(), 0) == st.st_size);
    return text;
}

} // namespace

TEST_CASE("all of a file, or as much of it as matters") {
    const UniqueFd from = unnamed();
    const std::string text(300000, 'x');
    REQUIRE(::pwrite(from.get(), text.data(), text.size(), 0) == 300000);
    for (const off_t size : {300000, 100000, 1, 0}) {
        const UniqueFd to = unnamed();
        CHECK(copy_content(from.get(), to.get(), size) == 0);
        CHECK(content(to.get()) == text.substr(0, static_cast<std::size_t>(size)));
    }
}

TEST_CASE("holes stay holes, at the end as well") {
    const UniqueFd from = unnamed(), to = unnamed();
    constexpr off_t size = 64 << 20;
    REQUIRE(::pwrite(from.get(), "data", 4, 32 << 20) == 4);
    REQUIRE(::ftruncate(from.get(), size) == 0);
    CHECK(copy_content(from.get(), to.get(), size) == 0);
    struct stat st {};
    REQUIRE(::fstat(to.get(), &st) == 0);
    CHECK(st.st_size == size);
    CHECK(st.st_blocks < 2048);
    std::string read(4, '\0');
    CHECK(::pread(to.get(), read.data(), 4, 32 << 20) == 4);
    CHECK(read == "data");
}

TEST_CASE("an error is the errno of what failed") {
    const UniqueFd from = unnamed();
    REQUIRE(::ftruncate(from.get(), 10) == 0);
    const UniqueFd to(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(copy_content(from.get(), to.get(), 10) == EINVAL);
}
