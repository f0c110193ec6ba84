#include "lib/mount_option.h"

#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

using namespace lib;

namespace {
MountRequest volume(std::string_view text) { return parse_volume_option(text); }
MountRequest tmpfs(std::string_view text) { return parse_tmpfs_option(text); }
} // namespace

TEST_CASE("the source says what is mounted") {
    CHECK(volume("/data").kind == MountKind::anonymous);
    CHECK(volume("name:/data").kind == MountKind::volume);
    CHECK(volume("/srv:/data").kind == MountKind::bind);
    CHECK(volume("./srv:/data").source == "./srv");
    CHECK(volume("../srv:/data").kind == MountKind::bind);
    CHECK(volume("a.b-c_1:/data").source == "a.b-c_1");
    for (const char* odd : {"a/b:/data", "-x:/data", "_x:/data", "a b:/data", ":/data", "~/x:/data"})
        CHECK_THROWS_AS_MESSAGE(volume(odd), Error, odd);
}

TEST_CASE("destinations are absolute and cleaned") {
    CHECK(volume("v:/a//b/./c/../d/").destination == "/a/b/d");
    CHECK(volume("v:/../../a").destination == "/a");
    CHECK(tmpfs("/run/").destination == "/run");
    for (const char* odd : {"v:a", "v:", "", "v:/", "v:/..", "v:/a/..", "v:/a\n", "v:/a\\"}) CHECK_THROWS_AS_MESSAGE(volume(odd), Error, odd);
    CHECK_THROWS_AS(volume(std::string("v:/a\0b", 6)), Error);
    CHECK_THROWS_AS(volume("v:/" + std::string(5000, 'a')), Error);
    CHECK_THROWS_AS(tmpfs("run"), Error);
}

TEST_CASE("nothing stands in for the kernel's files (CVE-2019-16884, CVE-2023-27561, CVE-2023-28642)") {
    for (const char* to : {"/proc", "/proc/", "/proc/self/attr/exec", "/proc/1", "/a/../proc/sys", "/proc/sys/kernel", "/sys",
                           "/sys/fs", "/sys/fs/cgroup", "/sys/kernel/security", "//proc"}) {
        CHECK_THROWS_AS_MESSAGE(volume(std::string("v:") + to), Error, to);
        CHECK_THROWS_AS_MESSAGE(volume(to), Error, to);
        CHECK_THROWS_AS_MESSAGE(tmpfs(to), Error, to);
        CHECK_THROWS_AS_MESSAGE(volume(std::string("/tmp:") + to), Error, to);
    }
    CHECK(volume("/var/lib/lxcfs/proc/meminfo:/proc/meminfo").destination == "/proc/meminfo");
    CHECK_THROWS_AS(volume("v:/proc/meminfo"), Error);
    CHECK(volume("/sys/fs/cgroup:/sys/fs/cgroup:ro").read_only);
    CHECK(volume("v:/process").destination == "/process");
    CHECK(volume("v:/system").destination == "/system");
}

TEST_CASE("options set what they say") {
    const MountRequest request = volume("/a:/b:ro,nosuid,nodev,noexec,bind,rslave,Z");
    CHECK(request.read_only);
    CHECK(request.nosuid);
    CHECK(request.nodev);
    CHECK(request.noexec);
    CHECK_FALSE(request.recursive);
    CHECK(request.propagation == Propagation::rslave);
    CHECK(request.relabel == Relabel::exclusive);
    CHECK_FALSE(volume("v:/b:nocopy").copy_up);
    CHECK_FALSE(volume("v:/b:suid,dev,exec").nosuid);
}

TEST_CASE("what is unknown, contradicting or not supported yet is an error") {
    CHECK_THROWS_WITH_AS(volume("v:/b:O,upperdir=/x"), "-v v:/b:O,upperdir=/x: upperdir and workdir are given together", Error);
    CHECK_THROWS_WITH_AS(volume("v:/b:idmap"), "-v v:/b:idmap: option idmap: the kernel lets ordinary users idmap no file system of the host", Error);
    for (const char* options : {"upperdir=/x,workdir=/y", "O,upperdir=x,workdir=/y", "O,ro", "O,U", "O,rslave", "O,rbind", "O,O", "U,U",
                                "idmap=uids=0-1-10", "no-dereference"})
        CHECK_THROWS_AS_MESSAGE(volume(std::string("v:/b:") + options), Error, options);
    CHECK_THROWS_WITH_AS(volume("v:/b:ro,rw"), "-v v:/b:ro,rw: option rw repeats or contradicts another one", Error);
    for (const char* options : {"ro,ro", "z,Z", "shared,private", "bind,rbind", "RO", "ro,,rw", "", "size=1", "tmpcopyup",
                                "bind-propagation=shared", "idmap=x", "ro:rw"})
        CHECK_THROWS_AS_MESSAGE(volume(std::string("v:/b:") + options), Error, options);
    CHECK_THROWS_AS(volume("/a:/b:nocopy"), Error);
    for (const char* options : {"size=", "size=x", "size=1t", "size=-1", "size=m", "size=1m,size=2m", "mode=", "mode=8", "mode=77777",
                                "uid=x", "uid=-1", "nr_inodes=", "uid=0,uid=0", "noswap", "O", "rshared", "z", "bind", "nocopy", ""})
        CHECK_THROWS_AS_MESSAGE(tmpfs(std::string("/run:") + options), Error, options);
}

TEST_CASE("a tmpfs is nosuid and nodev unless asked otherwise") {
    CHECK(tmpfs("/run").nosuid);
    CHECK(tmpfs("/run").nodev);
    CHECK_FALSE(tmpfs("/run").noexec);
    CHECK(tmpfs("/run").copy_up);
    const MountRequest request = tmpfs("/run:suid,exec,ro,size=64m,mode=1777,notmpcopyup");
    CHECK_FALSE(request.nosuid);
    CHECK(request.read_only);
    CHECK(request.size == "64m");
    CHECK(request.mode == 01777);
    CHECK_FALSE(request.copy_up);
    CHECK(tmpfs("/run:size=50%").size == "50%");
}

TEST_CASE("what is printed parses to the same") {
    for (const char* text : {"/data", "name:/data", "/a\\:b:/c\\:d:ro", "/a\\\\:b:/c", "./x:/y:noexec,bind,shared,z", "v:/b:nocopy,nosuid",
                             "v:/b:rw,suid,copy", "/a:/b:private", "v:/b:slave,Z", "/a:/b:U,exec", "/a:/b:O,upperdir=/u\\:p,workdir=/w",
                             "/a:/b:unbindable", "/a:/b:runbindable"})
        CHECK_MESSAGE(volume(print_volume_option(volume(text))) == volume(text), text);
    for (const char* text : {"/run", "/run:suid,dev,noexec,ro", "/run:size=64m,mode=700", "/a\\:b:notmpcopyup,size=10%", "/run:U", "/run:uid=5,gid=7,nr_inodes=1k"})
        CHECK_MESSAGE(tmpfs(print_tmpfs_option(tmpfs(text))) == tmpfs(text), text);
    CHECK(print_volume_option(volume("/a\\:b:/c/:ro")) == "/a\\:b:/c:ro");
}
