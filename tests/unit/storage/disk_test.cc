#include "storage/disk.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <cerrno>
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

TEST_CASE("disk: room, inodes and quota that have run out are told apart") {
    struct statvfs disk {};
    disk.f_files = 100;
    disk.f_favail = 1;
    CHECK(storage::what_ran_out(ENOSPC, disk, "/x") == "; the file system of /x is full");
    disk.f_favail = 0;
    CHECK(storage::what_ran_out(ENOSPC, disk, "/x") == "; no inodes are left on the file system of /x (df -i)");
    disk.f_files = 0; // makes them as it goes
    CHECK(storage::what_ran_out(ENOSPC, disk, "/x") == "; the file system of /x is full");
    CHECK(storage::what_ran_out(EDQUOT, disk, "/x") == "; your quota on the file system of /x is used up");
    CHECK(storage::what_ran_out(EIO, disk, "/x").empty());
    CHECK_NOTHROW(storage::explain_full_store(SysError{EIO, "write x"}, "/tmp"));
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
