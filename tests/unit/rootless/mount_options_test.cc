#include "rootless/plan.h"

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <string>
#include <utility>
#include <vector>

using rootless::MountOptions;
using rootless::parse_mount_options;

namespace {

MountOptions parse(std::vector<std::string> options, const char* type = "tmpfs") {
    return parse_mount_options({"/there", type, "source", std::move(options)});
}

} // namespace

TEST_CASE("the words of mount(8) become attributes, and the later of two opposites wins") {
    CHECK(parse({}).attributes == 0);
    CHECK(parse({"ro", "nosuid", "nodev", "noexec"}).attributes
          == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
    CHECK(parse({"ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec"}).attributes == 0);
    CHECK(parse({"rw", "ro"}).attributes == MOUNT_ATTR_RDONLY);
    CHECK(parse({"defaults", "nodiratime"}, "bind").attributes == MOUNT_ATTR_NODIRATIME);
    CHECK(parse({"nodiratime", "diratime"}).attributes == 0);
}

TEST_CASE("of the access time's choices one is left: two are an error of mount_setattr(2)") {
    CHECK(parse({"noatime", "strictatime"}).attributes == MOUNT_ATTR_STRICTATIME);
    CHECK(parse({"strictatime", "noatime"}).attributes == MOUNT_ATTR_NOATIME);
    CHECK(parse({"strictatime", "relatime"}).attributes == 0);
    CHECK(parse({"ro", "noatime", "atime"}).attributes == MOUNT_ATTR_RDONLY);
}

TEST_CASE("propagation words are kept apart, and none is none") {
    CHECK(parse({"ro"}).propagation == 0);
    CHECK(parse({"rshared"}, "bind").propagation == (MS_SHARED | MS_REC));
    CHECK(parse({"rshared", "slave"}, "bind").propagation == MS_SLAVE);
    CHECK(parse({"private"}, "bind").propagation == MS_PRIVATE);
    CHECK(parse({"runbindable"}, "bind").propagation == (MS_UNBINDABLE | MS_REC));
}

TEST_CASE("words of mount(8) that are about the source") {
    CHECK(parse({}, "bind").recursive);
    CHECK_FALSE(parse({"bind"}, "bind").recursive);
    CHECK(parse({"bind", "rbind"}, "bind").recursive);
    CHECK(parse({"X-mount.subdir=a/b"}, "bind").subdirectory == "a/b");
    CHECK(parse({"nofail"}, "bind").optional);
    CHECK_FALSE(parse({}, "bind").optional);
}

TEST_CASE("what is no word of mount(8) goes to the file system, in order") {
    const MountOptions options = parse({"mode=755", "nosuid", "size=64k", "inode64", "empty="});
    CHECK(options.attributes == MOUNT_ATTR_NOSUID);
    CHECK(options.data == std::vector<std::pair<std::string, std::string>>{{"mode", "755"}, {"size", "64k"}, {"inode64", ""}, {"empty", ""}});
    CHECK_FALSE(options.copy_up);
}

TEST_CASE("tmpcopyup is ours and never reaches the file system") {
    const MountOptions options = parse({"tmpcopyup"});
    CHECK(options.copy_up);
    CHECK(options.data.empty());
}

TEST_CASE("options that cannot be honoured are errors that name mount and option") {
    CHECK(parse({"idmap"}, "bind").id_map == rootless::IdMapped::topmost);
    CHECK(parse({"ridmap"}, "bind").id_map == rootless::IdMapped::recursive);
    CHECK(parse({"copy-symlink"}, "bind").copy_symlink);
    CHECK_THROWS_WITH_AS(parse({"rbind", "zx"}, "bind"), "mount /there: unknown option \"zx\" for a bind mount", Error);
    CHECK_THROWS_WITH_AS(parse({"mode=1"}, "bind"), "mount /there: unknown option \"mode=1\" for a bind mount", Error);
}

TEST_CASE("options of whole file systems are for new ones, and some are for nobody") {
    CHECK(parse({"sync", "silent", "loud", "iversion", "noiversion"}).data == std::vector<std::pair<std::string, std::string>>{{"sync", ""}});
    CHECK(parse({"sync", "lazytime", "silent"}, "bind").data.empty());
}

TEST_CASE("remount says what is to be off, too, and the later word wins") {
    const MountOptions options = parse({"remount", "ro", "rw", "exec", "noexec"});
    CHECK(options.remount);
    CHECK(options.attributes == MOUNT_ATTR_NOEXEC);
    CHECK(options.cleared == MOUNT_ATTR_RDONLY);
    CHECK_FALSE(parse({"ro"}).remount);
}
