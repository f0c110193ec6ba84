// What layers say about what is not there, and about files that cannot be as they should be on disk.
#include "storage/fuse/whiteout.h"

#include <doctest/doctest.h>

#include <sys/sysmacros.h>

using namespace storage::fuse;

TEST_CASE("whiteouts of image layers are names") {
    CHECK(parse_layer_name("file").kind == NameKind::ordinary);
    CHECK(parse_layer_name("file").name == "file");
    CHECK(parse_layer_name(".wh.file").kind == NameKind::whiteout);
    CHECK(parse_layer_name(".wh.file").name == "file");
    CHECK(parse_layer_name(".wh..wh..opq").kind == NameKind::opaque);
    CHECK(parse_layer_name(".wh.").kind == NameKind::ordinary);
    CHECK(parse_layer_name(".who").kind == NameKind::ordinary);
}

TEST_CASE("only the device 0:0 is a whiteout") {
    struct stat st {};
    st.st_mode = S_IFCHR | 0600;
    CHECK(is_whiteout(st));
    st.st_rdev = ::makedev(1, 3);
    CHECK_FALSE(is_whiteout(st));
    st.st_rdev = 0;
    st.st_mode = S_IFBLK;
    CHECK_FALSE(is_whiteout(st));
}

TEST_CASE("the overlays' own attributes are hidden and no others") {
    for (const char* name : {"user.overlay.opaque", origin_attribute, links_attribute, "trusted.overlay.opaque", "user.fuseoverlayfs.opaque",
                             "user.containers.override_stat"})
        CHECK(is_hidden_attribute(name));
    for (const char* name : {"user.overlay", "user.mine", "security.capability", "system.posix_acl_access"}) CHECK_FALSE(is_hidden_attribute(name));
}

TEST_CASE("override_stat is parsed in all its lengths") {
    const auto plain = parse_override_stat("1000:5:0644");
    REQUIRE(plain);
    CHECK(plain->uid == 1000);
    CHECK(plain->gid == 5);
    CHECK(plain->mode == 0644);
    CHECK_FALSE(plain->has_type);
    const auto file = parse_override_stat("0:0:04755:file");
    REQUIRE(file);
    CHECK(file->mode == (S_IFREG | 04755));
    const auto device = parse_override_stat("0:6:0660:block-8-16");
    REQUIRE(device);
    CHECK(device->mode == (S_IFBLK | 0660));
    CHECK(device->device == ::makedev(8, 16));
    for (const char* bad : {"", "1", "1:2", "1:2:", "x:0:0644", "0:0:0888", "0:0:0200000", "0:0:0644:thing", "0:0:0644:char", "0:0:0644:char-1",
                            "0:0:0644:char-1-", "0:0:0644:char-1-2-3", "0:0:0644:file-1-2", "-1:0:0644"}) {
        CAPTURE(bad);
        const auto parsed = parse_override_stat(bad);
        CHECK((!parsed || (parsed->has_type && parsed->device == 0 && std::string_view(bad) == "0:0:0644:char")));
    }
}

TEST_CASE("override_stat changes owner and mode, and makes no directories") {
    struct stat st {};
    st.st_mode = S_IFREG | 0600;
    apply_override_stat({.uid = 3, .gid = 4, .mode = S_IFDIR | 0755, .has_type = true}, st);
    CHECK(st.st_mode == (S_IFREG | 0755));
    CHECK(st.st_uid == 3);
    CHECK(st.st_gid == 4);
    apply_override_stat({.mode = S_IFCHR | 0666, .has_type = true, .device = ::makedev(1, 3)}, st);
    CHECK(st.st_mode == (S_IFCHR | 0666));
    CHECK(st.st_rdev == ::makedev(1, 3));
}
