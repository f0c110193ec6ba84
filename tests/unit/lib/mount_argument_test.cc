#include "lib/mount_option.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

using namespace lib;

namespace {
MountRequest mount(std::string_view text) { return parse_mount_argument(text); }
} // namespace

TEST_CASE("--mount says the same as -v and --tmpfs") {
    CHECK(mount("type=bind,source=/a,destination=/b") == parse_volume_option("/a:/b"));
    CHECK(mount("type=bind,src=/a,dst=/b,ro,bind-propagation=rslave,U") == parse_volume_option("/a:/b:ro,rslave,U"));
    CHECK(mount("type=bind,src=/a,target=/b,bind-nonrecursive,relabel=private") == parse_volume_option("/a:/b:bind,Z"));
    CHECK(mount("type=volume,source=v,destination=/b,readonly=true,nocopy") == parse_volume_option("v:/b:ro,nocopy"));
    CHECK(mount("source=v,destination=/b") == parse_volume_option("v:/b"));
    CHECK(mount("destination=/b") == parse_volume_option("/b"));
    CHECK(mount("type=bind,src=/a,dst=/b,O,upperdir=/u,workdir=/w") == parse_volume_option("/a:/b:O,upperdir=/u,workdir=/w"));
    CHECK(mount("type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=700,notmpcopyup,exec")
          == parse_tmpfs_option("/b:size=1m,mode=700,notmpcopyup,exec"));
    CHECK(mount("type=tmpfs,dst=/b,uid=3,gid=4,nr_inodes=9,U") == parse_tmpfs_option("/b:uid=3,gid=4,nr_inodes=9,U"));
}

TEST_CASE("the order of the keys means nothing, and quotes hold commas") {
    CHECK(mount("ro,dst=/b,src=/a,type=bind") == mount("type=bind,src=/a,dst=/b,ro"));
    CHECK(mount("type=bind,\"src=/a,b\",dst=/b").source == "/a,b");
    CHECK(mount("type=bind,\"src=/a\"\"b\",dst=/b").source == "/a\"b");
    CHECK(mount("type=bind,src=a,dst=/b").source == "a");
}

TEST_CASE("what only --mount can say") {
    CHECK(mount("src=v,dst=/b,subpath=/x/y").subpath == "x/y");
    CHECK(mount("src=v,dst=/b,volume-subpath=x").subpath == "x");
    CHECK(mount("type=image,src=i:1,dst=/b").read_only);
    CHECK(mount("type=image,src=i:1,dst=/b").kind == MountKind::image);
    CHECK_FALSE(mount("type=image,src=i:1,dst=/b,rw=true").read_only);
    CHECK(mount("type=image,src=i:1,dst=/b,rw=false,subpath=x").subpath == "x");
    CHECK(mount("type=glob,src=/a/*").destination.empty());
    CHECK(mount("type=glob,src=/a/*,dst=/b,ro").read_only);
    CHECK(mount("type=devpts,dst=/dev/pts,uid=1,gid=2,mode=620,max=5").max == 5U);
    CHECK_FALSE(mount("type=ramfs,dst=/b").copy_up);
    CHECK(mount("type=bind,src=/a,dst=/b,consistency=delegated") == mount("type=bind,src=/a,dst=/b"));
}

TEST_CASE("--mount refuses what is missing, unknown, contradicting or another type's") {
    CHECK_THROWS_WITH_AS(mount("type=bind,src=/a,dst=/b,tmpfs-size=1m"),
                         "--mount type=bind,src=/a,dst=/b,tmpfs-size=1m: option \"tmpfs-size\" is not known for this type", Error);
    for (const char* text : {"", "type=bind", "type=bind,src=/a", "type=bind,dst=/b", "type=cloth,dst=/b", "type=bind,type=bind,src=/a,dst=/b",
                             "type=bind,src=/a,source=/a,dst=/b", "type=bind,src=/a,dst=/b,dst=/c", "type=bind,src=/a,dst=/b,ro,rw",
                             "type=bind,src=/a,dst=/b,readonly=yes", "type=bind,src=/a,dst=/b,bind-propagation=over",
                             "type=bind,src=/a,dst=/b,relabel=z", "type=bind,src=/a,dst=/b,idmap", "type=bind,src=/a,dst=/b,subpath=x",
                             "type=bind,src=/a,dst=b", "type=bind,src=/a,dst=/proc/1", "src=v,dst=/b,subpath=../x", "src=v,dst=/b,subpath=a/../..",
                             "src=v,dst=/b,subpath=", "src=v,dst=/b,O,subpath=x", "src=/v,dst=/b", "type=tmpfs,src=/a,dst=/b", "type=tmpfs",
                             "type=tmpfs,dst=/b,tmpfs-size=big", "type=tmpfs,dst=/b,noswap", "type=ramfs,dst=/b,uid=1", "type=ramfs,dst=/b,tmpcopyup",
                             "type=image,dst=/b", "type=image,src=i,dst=/b,U", "type=devpts,dst=/b,size=1", "type=bind,\"src=/a,dst=/b",
                             "type=bind,,src=/a,dst=/b", "type=bind,src=,dst=/b", "=x,dst=/b"})
        CHECK_THROWS_AS_MESSAGE(mount(text), Error, text);
}
