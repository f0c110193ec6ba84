#include "storage/disk.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("disk: file systems that cannot keep owners are named, local ones are not") {
    CHECK(std::string(storage::unsuitable_file_system(0x6969)) == "NFS");
    CHECK(std::string(storage::unsuitable_file_system(0xff534d42)) == "SMB");
    CHECK(std::string(storage::unsuitable_file_system(0x4d44)) == "FAT");
    for (const std::uint32_t local : {0xef53U, 0x58465342U, 0x9123683eU, 0x01021994U, 0x65735546U}) // ext4, XFS, Btrfs, tmpfs, FUSE
        CHECK(storage::unsuitable_file_system(local) == nullptr);
    CHECK_NOTHROW(storage::check_file_system("/tmp"));
    CHECK_THROWS_AS(storage::check_file_system("/does/not/exist"), Error);
}

TEST_CASE("disk: what does not fit is refused with what is needed and what is left") {
    CHECK_NOTHROW(storage::check_room("/tmp", 1));
    std::string message;
    try {
        storage::check_room("/tmp", std::uint64_t{1} << 60);
    } catch (const Error& e) {
        message = e.what();
    }
    CHECK(message.find("at least 1.15 EB are needed, and the file system of /tmp has ") != std::string::npos);
}
