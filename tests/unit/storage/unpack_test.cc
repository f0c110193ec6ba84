// What the creator makes of archives, sound and hostile.
#include "storage/unpack.h"

#include "storage/checksum.h"
#include "storage/layer_index.h"
#include "storage/rebuild.h"
#include "support.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <fcntl.h>
#include <unistd.h>

using namespace support;
using storage::IndexEntry;

namespace {

std::string rebuilt_digest(const storage::Store& store, const std::string& diff_id) {
    const auto tar = storage::open_layer_tar(store, diff_id);
    storage::Sha256 sha;
    sha.update(read_all(*tar, 9999));
    return sha.finish_digest();
}

std::string layer_path(const storage::Store& store, const std::string& diff_id, const std::string& path = "") {
    return store.path("layers/" + storage::digest_hex(diff_id)) + path;
}

const IndexEntry* find_entry(const storage::LayerIndex& index, const std::string& path) {
    const IndexEntry* found = nullptr;
    for (const IndexEntry& entry : index.entries)
        if (entry.path == path) found = &entry; // the last one is the one that counts
    return found;
}

/// Publishes `tar`, checks that it can be rebuilt, and runs `check` on it, all in the namespace.
void with_layer(const std::string& tar, const std::function<void(const std::string& fs, const storage::LayerIndex&)>& check,
                const storage::UnpackOptions& options = {}) {
    if (!have_userns()) return;
    TempStore temp;
    in_userns([&] {
        const auto store = temp.store();
        const std::string diff_id = publish(store, tar, options);
        require(rebuilt_digest(store, diff_id) == diff_id, "the rebuilt tar has the diff-id");
        check(layer_path(store, diff_id, "/fs/"), storage::load_index(layer_path(store, diff_id)));
    });
}

/// The error of unpacking `tar`; checks that nothing is left and that the canary outside is untouched.
std::string refusal(const std::string& tar, const storage::UnpackOptions& options = {}) {
    if (!have_userns()) return "path root refused reserved"; // the test was skipped, aloud
    TempStore temp;
    std::string text;
    const std::string report = temp.dir() + "/report";
    in_userns([&] {
        auto store = temp.store();
        files::write_atomic(AT_FDCWD, temp.dir() + "/canary", "untouched", 0640, files::Durability::none);
        const std::string error = error_of([&] { publish(store, tar, options); });
        files::write_atomic(AT_FDCWD, report, error, 0600, files::Durability::none);
        REQUIRE_THERE(files::read(temp.dir() + "/canary") == "untouched");
        REQUIRE_THERE((sys::lstat_at(AT_FDCWD, temp.dir() + "/canary").st_mode & 07777) == 0640);
        if (!error.empty()) REQUIRE_THERE(files::list(AT_FDCWD, store.path("layers")).empty());
        store.ensure();
    });
    return files::read(report);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("files, directories, links, owners, modes and times arrive as the archive says") {
    Tar tar;
    tar.add('5', "./", {.mode = 0750, .uid = 3});
    tar.dir("usr/", 0755).dir("usr/bin/", 01777);
    tar.add('0', "usr/bin/tool", {.mode = 04755, .uid = 5, .gid = 6, .content = noise(70000)});
    tar.hardlink("usr/bin/twin", "./usr/bin/tool").symlink("bin", "usr/bin").file("empty");
    tar.add('6', "pipe", {.mode = 0600}).file("bin/through-link", "x");
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex& index) {
        const auto root = sys::lstat_at(AT_FDCWD, fs + ".");
        REQUIRE_THERE(root.st_uid == 3 && (root.st_mode & 07777) == 0750 && root.st_mtim.tv_sec == 1600000000);
        const auto tool = sys::lstat_at(AT_FDCWD, fs + "usr/bin/tool");
        REQUIRE_THERE(tool.st_uid == 5 && tool.st_gid == 6 && (tool.st_mode & 07777) == 04755 && tool.st_nlink == 2);
        REQUIRE_THERE(tool.st_mtim.tv_sec == 1600000000);
        REQUIRE_THERE(files::read(fs + "usr/bin/twin") == noise(70000));
        const auto bin = sys::lstat_at(AT_FDCWD, fs + "usr/bin");
        REQUIRE_THERE((bin.st_mode & 07777) == 01777 && bin.st_mtim.tv_sec == 1600000000);
        REQUIRE_THERE(sys::find_link_at(AT_FDCWD, fs + "bin") == "usr/bin");
        REQUIRE_THERE(files::read(fs + "usr/bin/through-link") == "x");
        REQUIRE_THERE(S_ISFIFO(sys::lstat_at(AT_FDCWD, fs + "pipe").st_mode));
        const IndexEntry* entry = find_entry(index, "usr/bin/tool");
        const std::string content = noise(70000);
        const std::uint64_t checksum = storage::crc64_update(0, std::as_bytes(std::span(content)));
        REQUIRE_THERE(entry != nullptr && entry->size == 70000 && entry->checksum == checksum);
        REQUIRE_THERE(entry->hardlink_group != 0 && entry->hardlink_group == find_entry(index, "usr/bin/twin")->hardlink_group);
        REQUIRE_THERE(find_entry(index, "usr/bin/through-link") != nullptr);
        REQUIRE_THERE(index.stream_length < 2000); // headers only: the content was found in the files
    });
}

TEST_CASE("whiteouts and opaque directories become the overlay's") {
    Tar tar;
    tar.dir("etc/").file("etc/.wh.gone").file("opaque/.wh..wh..opq").file("opaque/kept", "k").file("etc/.wh..wh.plnk", "aufs");
    tar.file("etc/own", "mine").file("etc/.wh.own").dir("own-dir").file("own-dir/x").file(".wh.own-dir");
    tar.file(".wh.again").file("again/inside", "new").file(".wh.file").file("file", "back").file(".wh..wh..opq");
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex& index) {
        const auto is_whiteout = [&](const std::string& path) {
            const auto st = sys::find_stat_at(AT_FDCWD, fs + path);
            return st && S_ISCHR(st->st_mode) && st->st_rdev == 0;
        };
        const auto is_opaque = [&](const std::string& path) {
            char value[4];
            return ::getxattr((fs + path).c_str(), "user.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
        };
        REQUIRE_THERE(is_whiteout("etc/gone"));
        REQUIRE_THERE(is_opaque("opaque") && !is_opaque("etc"));
        REQUIRE_THERE(files::read(fs + "opaque/kept") == "k");
        REQUIRE_THERE(files::read(fs + "etc/own") == "mine"); // whiteouts hide lower layers only
        REQUIRE_THERE(is_opaque("own-dir") && sys::find_stat_at(AT_FDCWD, fs + "own-dir/x"));
        REQUIRE_THERE(is_opaque("again") && files::read(fs + "again/inside") == "new");
        REQUIRE_THERE(files::read(fs + "file") == "back");
        REQUIRE_THERE(is_opaque("."));
        for (const std::string& name : files::list(AT_FDCWD, fs + "etc")) REQUIRE_THERE(!name.starts_with(".wh."));
        REQUIRE_THERE(find_entry(index, "etc/gone")->type == storage::EntryType::whiteout);
        REQUIRE_THERE((find_entry(index, "opaque")->flags & storage::entry_opaque) != 0);
    });
}

TEST_CASE("attributes are set, except those that would steer the overlay, which are recorded") {
    Tar tar;
    tar.add('0', "file", {.content = "x", .pax = {{"SCHILY.xattr.user.note", "hello"}}});
    tar.add('5', "dir", {.pax = {{"SCHILY.xattr.user.overlay.opaque", "y"}, {"SCHILY.xattr.user.overlay.redirect", "/etc"}}});
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex& index) {
        char value[16];
        REQUIRE_THERE(::getxattr((fs + "file").c_str(), "user.note", value, sizeof value) == 5);
        REQUIRE_THERE(::listxattr((fs + "dir").c_str(), nullptr, 0) == 0);
        const IndexEntry* dir = find_entry(index, "dir");
        REQUIRE_THERE(dir->xattrs.size() == 2 && (dir->flags & storage::entry_xattrs_unset) != 0);
        REQUIRE_THERE((dir->flags & storage::entry_opaque) == 0);
    });
}

TEST_CASE("devices are recorded and not made") {
    Tar tar;
    tar.dir("dev").add('3', "dev/null", {.mode = 0666}).add('4', "dev/sda", {.mode = 0660}).hardlink("dev/zero", "dev/null");
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex& index) {
        REQUIRE_THERE(files::list(AT_FDCWD, fs + "dev").empty());
        REQUIRE_THERE((find_entry(index, "dev/null")->flags & storage::entry_not_created) != 0);
        REQUIRE_THERE(find_entry(index, "dev/sda")->type == storage::EntryType::block_device);
    });
}

TEST_CASE("a later entry takes the place of an earlier one, and the tar can still be rebuilt") {
    Tar tar;
    tar.file("a", noise(1000, 1)).file("a", noise(2000, 2)).file("a", "last");
    tar.dir("d").dir("d/e").file("d/e/f", noise(3000, 3)).symlink("d", "a").file("l", noise(10)).hardlink("m", "l").symlink("l", "x");
    tar.symlink("s", "a").dir("s").file("s/inside", "i");
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex& index) {
        REQUIRE_THERE(files::read(fs + "a") == "last");
        REQUIRE_THERE(sys::find_link_at(AT_FDCWD, fs + "d") == "a");
        REQUIRE_THERE(files::read(fs + "m") == noise(10));
        REQUIRE_THERE(files::read(fs + "s/inside") == "i");
        REQUIRE_THERE((find_entry(index, "d/e/f")->flags & storage::entry_replaced) != 0);
        REQUIRE_THERE(index.stream_length < 2000);
    });
}

TEST_CASE("names are cleaned; what leaves the root is refused") {
    Tar tar;
    tar.file("/absolute", "a").file("./dot//slashes", "b").file("dir/../up", "c").file("back\\slash", "d");
    tar.add('0', "short", {.content = "e", .pax = {{"path", "from-pax/" + std::string(200, 'n')}}});
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex&) {
        REQUIRE_THERE(files::read(fs + "absolute") == "a");
        REQUIRE_THERE(files::read(fs + "dot/slashes") == "b");
        REQUIRE_THERE(files::read(fs + "up") == "c");
        REQUIRE_THERE(files::read(fs + "back\\slash") == "d");
        REQUIRE_THERE(files::read(fs + "from-pax/" + std::string(200, 'n')) == "e");
        REQUIRE_THERE(sys::lstat_at(AT_FDCWD, fs + "from-pax").st_uid == 0);
    });
    for (const char* bad : {"../canary", "a/../../canary", "..", "a/../.."}) CHECK(has(refusal(Tar().file(bad, "x").end()), "root"));
    CHECK(has(refusal(Tar().add('0', "x", {.pax = {{"path", "../../canary"}}}).end()), "root"));
    CHECK_FALSE(refusal(Tar().add('0', "x", {.pax = {{"path", std::string(5000, 'p')}}}).end()).empty());
    CHECK_FALSE(refusal(Tar().add('0', "x", {.pax = {{"path", std::string(300, 'p')}}}).end()).empty());
    CHECK_FALSE(refusal(Tar().file("", "x").end()).empty());
}

TEST_CASE("a root that is no directory is refused") {
    for (const char* root : {".", "./", "/", "a/.."}) {
        CHECK(has(refusal(Tar().symlink(root, "/tmp").end()), "root"));
        CHECK(has(refusal(Tar().add('3', root, {}).end()), "root"));
    }
}

TEST_CASE("symbolic links lead parents inside the tree only") {
    Tar tar;
    tar.symlink("tmp", "/else/where").symlink("up", "../../../../..").file("tmp/file", "a").file("up/file", "b");
    tar.symlink("link", "../../../canary").file("link", "c").symlink("dir-link", "/tmp").dir("dir-link");
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex& index) {
        REQUIRE_THERE(files::read(fs + "file") == "b");
        REQUIRE_THERE(files::read(fs + "link") == "c");
        REQUIRE_THERE(S_ISDIR(sys::lstat_at(AT_FDCWD, fs + "dir-link").st_mode));
        REQUIRE_THERE(find_entry(index, "file") != nullptr);
        REQUIRE_THERE(files::read(fs + "else/where/file") == "a" && !sys::find_stat_at(AT_FDCWD, "/else"));
    });
    CHECK(has(refusal(Tar().symlink("a", "b").symlink("b", "a").file("a/x").end()), "symbolic links"));
    CHECK_FALSE(refusal(Tar().file("f").file("f/x").end()).empty());
}

TEST_CASE("hard links reach files of the same layer only") {
    CHECK_FALSE(refusal(Tar().hardlink("x", "../../canary").end()).empty());
    CHECK_FALSE(refusal(Tar().hardlink("x", "/etc/passwd").end()).empty());
    CHECK_FALSE(refusal(Tar().symlink("s", "../../..").hardlink("x", "s/canary").end()).empty());
    CHECK_FALSE(refusal(Tar().dir("d").hardlink("x", "d").end()).empty());
    CHECK_FALSE(refusal(Tar().file("x").hardlink("x", "x").end()).empty());
    CHECK_FALSE(refusal(Tar().file(".wh.x").hardlink("y", "x").end()).empty());
    CHECK_FALSE(refusal(Tar().hardlink("x", ".").end()).empty());
    Tar tar; // a link to a symbolic link is the link, not its target
    tar.file("f", "content").symlink("s", "f").hardlink("t", "s");
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex&) {
        REQUIRE_THERE(sys::find_link_at(AT_FDCWD, fs + "t") == "f");
    });
}

TEST_CASE("odd whiteouts are refused") {
    for (const char* bad : {".wh.", "d/.wh..", "d/.wh...", ".wh.x/y", ".wh.x/../y/.wh.z/q"})
        CHECK_FALSE(refusal(Tar().file(bad, "x").end()).empty());
}

TEST_CASE("limits hold") {
    Tar many;
    for (int i = 0; i < 20; ++i) many.file(cat("f", i));
    CHECK(has(refusal(many.end(), {.max_entries = 10}), "refused"));
    std::string deep;
    for (int i = 0; i < 40; ++i) deep += "d/";
    CHECK(has(refusal(Tar().dir(deep).end(), {.max_depth = 30}), "deep"));
    storage::UnpackOptions small;
    small.decompress.max_bytes = 4096;
    CHECK(has(refusal(Tar().file("f", noise(100000)).end(), small), "refused"));
}

TEST_CASE("archives that are none, or end early, are refused") {
    CHECK_FALSE(refusal(noise(5000)).empty());
    CHECK_FALSE(refusal(Tar().file("f", noise(100000)).unended().substr(0, 50000)).empty());
    CHECK_FALSE(refusal(Tar().file("f", "x").unended().substr(0, 300)).empty());
}

TEST_CASE("empty layers, layers without an end mark and bytes behind it are rebuilt as they were") {
    const auto nothing = [](const std::string&, const storage::LayerIndex&) {};
    with_layer(std::string(1024, '\0'), nothing);
    with_layer(std::string(10240, '\0'), nothing);
    with_layer(Tar().file("f", noise(5000)).unended(), nothing);
    with_layer(Tar().file("f", noise(5000)).end() + std::string(20000, '\0'), nothing);
    with_layer(Tar().file("f", noise(5000)).end() + noise(20480), nothing);
}

TEST_CASE("in single-id mode owners are in the index alone") {
    storage::UnpackOptions options;
    options.single_id = true;
    Tar tar;
    tar.add('0', "file", {.uid = 33, .gid = 33, .content = "x"}).add('5', "dir", {.uid = 33});
    with_layer(tar.end(), [](const std::string& fs, const storage::LayerIndex& index) {
        REQUIRE_THERE(sys::lstat_at(AT_FDCWD, fs + "file").st_uid == 0);
        REQUIRE_THERE(find_entry(index, "file")->uid == 33);
        REQUIRE_THERE((find_entry(index, "dir")->flags & storage::entry_owner_unset) != 0);
    }, options);
}

TEST_CASE("owners beyond the map are an error that names /etc/subuid") {
    if (::geteuid() == 0) return; // root's map has them all
    CHECK(has(refusal(Tar().add('0', "f", {.uid = 2000000}).end()), "/etc/subuid"));
}
