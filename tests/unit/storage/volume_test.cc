#include "storage/volume.h"

#include "storage/overlay.h"
#include "support.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <unistd.h>

using namespace support;

TEST_CASE("volume names") {
    for (const char* good : {"a", "data", "A.b_c-d", "0x"}) CHECK_NOTHROW(storage::check_volume_name(good));
    for (const char* bad : {"", ".", "..", "-a", "_a", "a/b", "a b", "ä", "a\nb"}) CHECK_THROWS_AS(storage::check_volume_name(bad), Error);
    CHECK_THROWS_AS(storage::check_volume_name(std::string(256, 'a')), Error);
}

TEST_CASE("volumes are made once, found, listed, removed") {
    TempStore temp;
    const auto store = temp.store();
    storage::Volumes volumes(store);
    CHECK(volumes.list().empty());
    const auto made = volumes.create("data", {{"key", "value"}});
    CHECK(sys::find_stat_at(AT_FDCWD, made.data));
    CHECK_FALSE(made.anonymous);
    CHECK(made.created.size() == 20);
    const auto again = volumes.create("data", {{"other", "ignored"}});
    CHECK(again.labels == made.labels);
    const auto anonymous = volumes.create_anonymous();
    CHECK(anonymous.anonymous);
    CHECK(anonymous.name.size() == 64);
    CHECK(volumes.list().size() == 2);
    CHECK(volumes.find("data")->data == made.data);
    CHECK_FALSE(volumes.find("other"));
    CHECK(volumes.remove("data"));
    CHECK_FALSE(volumes.remove("data"));
    CHECK_FALSE(volumes.find("data"));
    CHECK(volumes.list().size() == 1);
    CHECK_THROWS_AS(volumes.find("../images"), Error);
}

TEST_CASE("a volume can be entered by all users of a container, whatever the caller's umask") {
    TempStore temp;
    const auto store = temp.store();
    const mode_t before = ::umask(0077);
    const auto made = storage::Volumes(store).create("data", {});
    ::umask(before);
    CHECK((sys::find_stat_at(AT_FDCWD, made.data)->st_mode & 07777) == 0755);
}

TEST_CASE("copy-up fills an empty volume once, with all metadata") {
    if (!have_userns()) return;
    TempStore temp;
    const auto store = temp.store();
    storage::Volumes volumes(store);
    const auto volume = volumes.create("data");
    const auto other = volumes.create("other");
    in_userns([&] {
        const std::string source = temp.dir() + "/source";
        sys::ensure_dir(source + "/sub", 0755);
        const auto write = [&](const std::string& name, const std::string& text, mode_t mode) {
            sys::write_all(sys::open(source + name, O_WRONLY | O_CREAT, 0600).get(), text, name);
            require(::chmod((source + name).c_str(), mode) == 0, "chmod");
        };
        write("/file", "content", 0640);
        write("/sub/big", noise(300000), 0644);
        require(::link((source + "/file").c_str(), (source + "/sub/twin").c_str()) == 0, "link");
        sys::symlink_at("/absolute/target", AT_FDCWD, source + "/link");
        require(::chown((source + "/file").c_str(), 101, 102) == 0, "chown");
        require(::chmod((source + "/file").c_str(), 04755) == 0, "chmod");
        require(::setxattr((source + "/file").c_str(), "user.note", "hi", 2, 0) == 0, "setxattr");
        require(::setxattr((source + "/sub").c_str(), "user.overlay.opaque", "y", 1, 0) == 0, "setxattr");
        require(::chown(source.c_str(), 7, 8) == 0 && ::chmod(source.c_str(), 01777) == 0, "root metadata");
        const struct timespec times[] = {{1000, 1}, {2000, 2}};
        require(::utimensat(AT_FDCWD, (source + "/file").c_str(), times, 0) == 0, "utimens");

        const UniqueFd from = sys::open(source, O_PATH | O_DIRECTORY);
        REQUIRE_THERE(storage::copy_up(from.get(), volume));
        REQUIRE_THERE(!storage::copy_up(from.get(), volume));
        const auto root = sys::lstat_at(AT_FDCWD, volume.data);
        REQUIRE_THERE(root.st_uid == 7 && root.st_gid == 8 && (root.st_mode & 07777) == 01777);
        const auto file = sys::lstat_at(AT_FDCWD, volume.data + "/file");
        REQUIRE_THERE(file.st_uid == 101 && file.st_gid == 102 && (file.st_mode & 07777) == 04755);
        REQUIRE_THERE(file.st_mtim.tv_sec == 2000 && file.st_mtim.tv_nsec == 2);
        REQUIRE_THERE(file.st_ino == sys::lstat_at(AT_FDCWD, volume.data + "/sub/twin").st_ino && file.st_nlink == 2);
        char value[8];
        REQUIRE_THERE(::getxattr((volume.data + "/file").c_str(), "user.note", value, sizeof value) == 2);
        REQUIRE_THERE(::getxattr((volume.data + "/sub").c_str(), "user.overlay.opaque", value, sizeof value) < 0);
        REQUIRE_THERE(files::read(volume.data + "/sub/big") == noise(300000));
        REQUIRE_THERE(sys::find_link_at(AT_FDCWD, volume.data + "/link") == "/absolute/target");

        files::write_atomic(AT_FDCWD, other.data + "/mine", "", 0600, files::Durability::none);
        REQUIRE_THERE(!storage::copy_up(from.get(), other));
        REQUIRE_THERE(!sys::find_stat_at(AT_FDCWD, other.data + "/file"));
    });
}

TEST_CASE("a volume that was filled and emptied by its user stays empty") {
    if (!have_userns()) return;
    TempStore temp;
    const auto store = temp.store();
    const auto volume = storage::Volumes(store).create("data");
    in_userns([&] {
        sys::ensure_dir(temp.dir() + "/source", 0755);
        files::write_atomic(AT_FDCWD, temp.dir() + "/source/file", "", 0600, files::Durability::none);
        const UniqueFd from = sys::open(temp.dir() + "/source", O_PATH | O_DIRECTORY);
        REQUIRE_THERE(storage::copy_up(from.get(), volume));
        REQUIRE_THERE(sys::unlink_at(AT_FDCWD, volume.data + "/file"));
        REQUIRE_THERE(!storage::copy_up(from.get(), volume));
        REQUIRE_THERE(files::list(AT_FDCWD, volume.data).empty());
    });
}

TEST_CASE("the overlay probe answers, remembers, and leaves nothing behind") {
    if (!have_userns()) return;
    TempStore temp;
    CHECK_FALSE(storage::find_overlay_probe(temp.paths()));
    in_userns([&] { storage::probe_overlay(temp.paths()); });
    const auto probe = storage::find_overlay_probe(temp.paths());
    REQUIRE(probe);
    CHECK(probe->works == probe->reason.empty());
    CHECK(files::list(AT_FDCWD, temp.path("tmp")).empty());
    auto other_boot = temp.paths();
    other_boot.boot_id = "another";
    CHECK_FALSE(storage::find_overlay_probe(other_boot));
    MESSAGE("overlay: ", probe->works ? "works" : probe->reason);
}

