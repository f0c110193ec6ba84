#include "storage/id_shift.h"

#include "support.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>

using namespace support;
using storage::IdShift;

namespace {

/// keep-id of user 1000.
const IdShift kept{{{0, 1, 1000}, {1000, 0, 1}, {1001, 1001, 64536}}, {{0, 1, 1000}, {1000, 0, 1}, {1001, 1001, 64536}}};

/// The ids of this process alone, which it may give to files without a user namespace.
IdShift own_ids() { return {{{::getuid(), ::getuid(), 1}}, {{::getgid(), ::getgid(), 1}}}; }

std::string attribute(const std::string& path, const char* name) {
    std::array<char, 256> value{};
    const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    return size < 0 ? "none" : std::string(value.data(), static_cast<std::size_t>(size));
}

std::string error_of(const storage::LayerIds& ids, const IdShift& shift) {
    try {
        (void)storage::is_unchanged(ids, shift);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("a shift says which id of the store an id of the image is to be") {
    CHECK(kept.find_uid(0) == 1);
    CHECK(kept.find_uid(999) == 1000);
    CHECK(kept.find_uid(1000) == 0);
    CHECK(kept.find_gid(1001) == 1001);
    CHECK_FALSE(kept.find_uid(70000));
}

TEST_CASE("a tree is known by its map and layers, in a key of 16 digits") {
    CHECK(kept.text() == "u0:1:1000,1000:0:1,1001:1001:64536;g0:1:1000,1000:0:1,1001:1001:64536");
    const storage::LayerStack stack{"/data", {"top", "bottom"}};
    const std::string key = storage::shift_key(stack, kept);
    CHECK(key.size() == 16);
    IdShift other = kept;
    other.gids[0].store = 2;
    CHECK(storage::shift_key(stack, other) != key);
    CHECK(storage::shift_key({"/data", {"bottom", "top"}}, kept) != key);
    CHECK(storage::parse_shifted_layers("u…\ntop\nbottom\n") == stack.layers);
}

TEST_CASE("a layer is right as it is where the shift leaves its ids alone") {
    CHECK_FALSE(storage::is_unchanged({{0}, {0}}, kept));
    CHECK(storage::is_unchanged({{1001, 5000}, {2000}}, kept));
    CHECK_FALSE(storage::is_unchanged({{1001}, {0}}, kept));
}

TEST_CASE("an id that the map does not have is named") {
    CHECK(error_of({{70000}, {0}}, kept).starts_with("the image has files of user 70000"));
    CHECK(error_of({{1001}, {70001}}, kept).starts_with("the image has files of group 70001"));
}

TEST_CASE("a shifted tree has everything but the content, and says where that is") {
    TempStore temp;
    const storage::LayerStack layer{temp.dir(), {"layer"}};
    const std::string fs = temp.dir() + "/layers/layer/fs";
    sys::ensure_dir(fs + "/dir", 0750);
    sys::write_all(sys::open(fs + "/dir/file", O_WRONLY | O_CREAT, 0640).get(), "content", "file");
    sys::open(fs + "/empty", O_WRONLY | O_CREAT, 0600);
    sys::symlink_at("dir/file", AT_FDCWD, fs + "/link");
    REQUIRE(::link((fs + "/dir/file").c_str(), (fs + "/again").c_str()) == 0);
    REQUIRE(::mkfifo((fs + "/fifo").c_str(), 0600) == 0);
    if (::setxattr((fs + "/dir/file").c_str(), "user.mine", "value", 5, 0) != 0) {
        MESSAGE("skipped: no user attributes on this file system");
        return;
    }
    CHECK_FALSE(storage::find_shifted(layer, own_ids()));
    storage::make_shifted(layer, own_ids());
    const auto tree = storage::find_shifted(layer, own_ids());
    REQUIRE(tree);
    const std::string made = *sys::find_link_at(AT_FDCWD, cat("/proc/self/fd/", tree->get()));

    const struct stat file = sys::lstat_at(AT_FDCWD, made + "/dir/file"), original = sys::lstat_at(AT_FDCWD, fs + "/dir/file");
    CHECK(file.st_size == 7);
    CHECK(file.st_blocks <= original.st_blocks);
    CHECK((file.st_mode & 07777) == (original.st_mode & 07777));
    CHECK(file.st_mtim.tv_sec == original.st_mtim.tv_sec);
    CHECK(file.st_nlink == 2);
    CHECK(sys::lstat_at(AT_FDCWD, made + "/again").st_ino == file.st_ino);
    const std::string redirect = attribute(made + "/dir/file", "user.overlay.redirect");
    CHECK((redirect == "/layer/fs/dir/file" || redirect == "/layer/fs/again"));
    CHECK(attribute(made + "/dir/file", "user.overlay.metacopy").empty());
    CHECK(attribute(made + "/dir/file", "user.mine") == "value");
    CHECK(attribute(made + "/empty", "user.overlay.metacopy") == "none");
    CHECK(sys::find_link_at(AT_FDCWD, made + "/link") == "dir/file");
    CHECK(S_ISFIFO(sys::lstat_at(AT_FDCWD, made + "/fifo").st_mode));
    CHECK((sys::lstat_at(AT_FDCWD, made + "/dir").st_mode & 07777) == (sys::lstat_at(AT_FDCWD, fs + "/dir").st_mode & 07777));
}

TEST_CASE("the layers of an image become one tree: above hides below, as the overlay would show it") {
    TempStore temp;
    const std::string top = temp.dir() + "/layers/top/fs", bottom = temp.dir() + "/layers/bottom/fs";
    const auto write = [](const std::string& path, const char* text) {
        sys::write_all(sys::open(path, O_WRONLY | O_CREAT, 0644).get(), text, path);
    };
    for (const char* dir : {"/both", "/opaque", "/file-above"}) sys::ensure_dir(bottom + dir, 0755);
    for (const char* dir : {"/both", "/opaque", "/dir-above"}) sys::ensure_dir(top + dir, 0755);
    write(bottom + "/both/lower", "l");
    write(bottom + "/both/changed", "old");
    write(bottom + "/opaque/hidden", "h");
    write(bottom + "/dir-above", "was a file");
    write(bottom + "/file-above/x", "x");
    write(top + "/both/changed", "newer");
    write(top + "/file-above", "was a directory");
    if (::setxattr((top + "/opaque").c_str(), "user.overlay.opaque", "y", 1, 0) != 0) {
        MESSAGE("skipped: no user attributes on this file system");
        return;
    }
    const storage::LayerStack stack{temp.dir(), {"top", "bottom"}};
    storage::make_shifted(stack, own_ids());
    const std::string made = *sys::find_link_at(AT_FDCWD, cat("/proc/self/fd/", storage::find_shifted(stack, own_ids())->get()));
    CHECK(attribute(made + "/both/lower", "user.overlay.redirect") == "/bottom/fs/both/lower");
    CHECK(attribute(made + "/both/changed", "user.overlay.redirect") == "/top/fs/both/changed");
    CHECK(sys::lstat_at(AT_FDCWD, made + "/both/changed").st_size == 5);
    CHECK(files::list(AT_FDCWD, made + "/opaque").empty());
    CHECK(attribute(made + "/opaque", "user.overlay.opaque") == "none");
    CHECK(S_ISDIR(sys::lstat_at(AT_FDCWD, made + "/dir-above").st_mode));
    CHECK(S_ISREG(sys::lstat_at(AT_FDCWD, made + "/file-above").st_mode));
}

TEST_CASE("what a killed process has left half made is made anew") {
    TempStore temp;
    const storage::LayerStack layer{temp.dir(), {"layer"}};
    sys::ensure_dir(temp.dir() + "/layers/layer/fs", 0755);
    sys::ensure_dir(temp.dir() + "/maps/making/fs/half", 0755);
    storage::make_shifted(layer, own_ids());
    CHECK(storage::find_shifted(layer, own_ids()));
    CHECK_FALSE(sys::find_stat_at(AT_FDCWD, temp.dir() + "/maps/making"));
    CHECK_FALSE(sys::find_stat_at(AT_FDCWD, temp.dir() + "/maps/" + storage::shift_key(layer, own_ids()) + "/fs/half"));
}

TEST_CASE("a tree whose map a power cut has emptied is made anew") {
    TempStore temp;
    const std::string fs = temp.dir() + "/layers/layer/fs";
    sys::ensure_dir(fs, 0755);
    const storage::LayerStack layer{temp.dir(), {"layer"}};
    storage::make_shifted(layer, own_ids());
    const std::string map = cat(temp.dir(), "/maps/", storage::shift_key(layer, own_ids()), "/map");
    sys::open(map, O_WRONLY | O_TRUNC);
    CHECK_FALSE(storage::find_shifted(layer, own_ids()));
    storage::make_shifted(layer, own_ids());
    CHECK(storage::find_shifted(layer, own_ids()));
}

TEST_CASE("a tree that cannot be made whole is not left") {
    TempStore temp;
    const storage::LayerStack layer{temp.dir(), {"layer"}};
    sys::ensure_dir(temp.dir() + "/layers/layer/fs", 0755);
    const IdShift nobody{{{::getuid() + 1, 0, 1}}, {{::getgid(), ::getgid(), 1}}};
    CHECK_THROWS_WITH_AS(storage::make_shifted(layer, nobody), doctest::Contains("the image has files of user"), Error);
    CHECK_FALSE(storage::find_shifted(layer, nobody));
    CHECK_FALSE(sys::find_stat_at(AT_FDCWD, temp.dir() + "/maps/making"));
}
