#include "storage/store.h"

#include "storage/record.h"
#include "storage/id_shift.h"
#include "support.h"

#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

using namespace support;
using storage::Force;
using storage::IdMode;

namespace {

std::string digest_of(const std::string& what) { return storage::sha256_digest(what); }

/// A layer as publish_layer leaves it, without content.
std::string add_layer(TempStore& temp, const std::string& what, bool synced = true, const std::string& boot = "") {
    const std::string diff_id = digest_of(what);
    const std::string dir = temp.path("layers/" + storage::digest_hex(diff_id));
    sys::ensure_dir(dir + "/fs", 0755);
    storage::LayerMeta meta;
    meta.info = {diff_id, 1000, 1};
    meta.boot_id = boot.empty() ? temp.paths().boot_id : boot;
    files::write_atomic(AT_FDCWD, dir + "/meta.json", meta.format(), 0600, files::Durability::none);
    if (synced) files::write_atomic(AT_FDCWD, dir + "/synced", "", 0600, files::Durability::none);
    return diff_id;
}

storage::NewImage make_image(const std::vector<std::string>& diff_ids, const std::vector<std::string>& names,
                             const std::string& manifest = "{}") {
    std::string list;
    for (const std::string& diff_id : diff_ids) list += (list.empty() ? "\"" : ",\"") + diff_id + "\"";
    storage::NewImage image;
    image.config_json = "{\"created\":\"2026-01-01T00:00:00Z\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" + list + "]}}";
    image.config_digest = digest_of(image.config_json);
    image.manifest_json = manifest;
    image.manifest_digest = digest_of(manifest);
    image.names = names;
    return image;
}

} // namespace

TEST_CASE("a store that does not exist is empty, and looking does not make it") {
    TempStore temp;
    const auto store = temp.store();
    CHECK(store.images().empty());
    CHECK_FALSE(store.find_by_reference("localhost/a:latest"));
    CHECK_FALSE(store.find_by_id("abc"));
    CHECK_FALSE(store.has_layer(digest_of("x"), IdMode::subordinate));
    CHECK(files::list(AT_FDCWD, temp.paths().data).empty());
}

TEST_CASE("digests are checked before they become paths") {
    const std::string hex(64, 'a');
    CHECK(storage::digest_hex("sha256:" + hex) == hex);
    for (const std::string& bad : {std::string("sha256:../../x"), "sha256:" + hex + "a", "sha256:" + std::string(63, 'a'),
                                   "sha256:" + std::string(64, 'A'), "sha512:" + hex, hex, std::string(),
                                   "sha256:" + std::string(63, 'a') + '\0'})
        CHECK_THROWS_AS(storage::digest_hex(bad), Error);
}

TEST_CASE("an image added is found by name, by digest and by every unique prefix of its id") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    auto added = make_image({add_layer(temp, "one"), add_layer(temp, "two")}, {"docker.io/library/nginx:latest"});
    added.repo_digests = {"docker.io/library/nginx@" + digest_of("index")};
    const auto made = store.add_image(added);
    CHECK(made.id == added.config_digest);
    CHECK(made.size == 2000 + static_cast<std::int64_t>(added.config_json.size()));
    const auto by_name = store.find_by_reference("docker.io/library/nginx:latest");
    REQUIRE(by_name);
    CHECK(by_name->config_json == added.config_json);
    CHECK(by_name->manifest_json == added.manifest_json);
    CHECK(by_name->names == added.names);
    CHECK(by_name->created == "2026-01-01T00:00:00Z");
    CHECK(store.find_by_reference(added.repo_digests[0])->id == made.id);
    CHECK(store.find_by_id(made.id)->id == made.id);
    CHECK(store.find_by_id(made.id.substr(7, 4))->id == made.id);
    CHECK_FALSE(store.find_by_id("zz"));
    CHECK_FALSE(store.find_by_id(""));
    CHECK_FALSE(store.find_by_reference("docker.io/library/nginx:other"));
}

TEST_CASE("an ambiguous prefix is an error that names the candidates") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    std::vector<std::string> by_first_digit(128);
    for (int i = 0;; ++i) { // 17 images have two of one first digit
        const auto made = store.add_image(make_image({add_layer(temp, cat("layer", i))}, {cat("localhost/i:", i)}, cat("{\"n\":", i, "}")));
        std::string& other = by_first_digit[static_cast<unsigned char>(made.id[7])];
        if (other.empty()) {
            other = made.id;
            continue;
        }
        const std::string text = error_of([&] { store.find_by_id(made.id.substr(7, 1)); });
        CHECK(text.find("ambiguous") != std::string::npos);
        CHECK(text.find(made.id.substr(7, 16)) != std::string::npos);
        CHECK(text.find(other.substr(7, 16)) != std::string::npos);
        break;
    }
}

TEST_CASE("an image needs its layers, and names must be whole") {
    TempStore temp;
    auto store = temp.store();
    CHECK(error_of([&] { store.add_image(make_image({digest_of("absent")}, {})); }).find("not in the store") != std::string::npos);
    for (const char* bad : {"nginx", "nginx:latest", "localhost/a", "../x/y:z", "localhost/a%b:c", "localhost/a b:c", "/a:b", "a/b:"})
        CHECK_THROWS_AS(storage::escape_name(bad), Error);
    CHECK(storage::unescape_name(storage::escape_name("localhost:5000/a/b:1.2")) == "localhost:5000/a/b:1.2");
}

TEST_CASE("a name moved to another image leaves a dangling one") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto first = store.add_image(make_image({add_layer(temp, "a")}, {"localhost/app:latest"}, "{\"n\":1}"));
    const auto second = store.add_image(make_image({add_layer(temp, "b")}, {"localhost/app:latest"}, "{\"n\":2}"));
    CHECK(store.find_by_reference("localhost/app:latest")->id == second.id);
    CHECK(store.find_by_id(first.id)->names.empty());
    CHECK(store.images().size() == 2);
    CHECK(store.images()[0].id == second.id);
}

TEST_CASE("two manifests of one config are one image with the names and digests of both") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    auto docker = make_image({add_layer(temp, "a")}, {"docker.io/library/x:1"}, "{\"n\":1}");
    docker.repo_digests = {"docker.io/library/x@" + docker.manifest_digest};
    auto oci = make_image({digest_of("a")}, {"quay.io/x/x:1"}, "{\"n\":2}");
    oci.repo_digests = {"quay.io/x/x@" + oci.manifest_digest};
    store.add_image(docker);
    store.add_image(oci);
    const auto images = store.images();
    REQUIRE(images.size() == 1);
    CHECK(images[0].names.size() == 2);
    CHECK(images[0].repo_digests.size() == 2);
    CHECK(images[0].manifest_digest == oci.manifest_digest);
    CHECK(store.find_by_reference(docker.repo_digests[0])->id == docker.config_digest);

    auto again = docker; // pulled once more by another digest
    again.repo_digests = {"docker.io/library/x@" + digest_of("index")};
    CHECK(store.add_image(again).repo_digests.size() == 1);
    CHECK(store.images()[0].repo_digests.size() == 3);
}

TEST_CASE("removing by name takes the name, and the image with its last one") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto image = store.add_image(make_image({add_layer(temp, "a")}, {"localhost/a:1", "localhost/a:2"}));
    const std::vector<std::string> none, used{"0123456789abcdef"};
    CHECK(error_of([&] { store.remove_image(image, "", none, Force::no); }).find("2 names") != std::string::npos);

    CHECK(error_of([&] { store.remove_image(image, "localhost/b:1", none, Force::yes); }).find("not called") != std::string::npos);

    auto removed = store.remove_image(image, "localhost/a:1", used, Force::no);
    CHECK(removed.untagged == std::vector<std::string>{"localhost/a:1"});
    CHECK(removed.deleted.empty());
    CHECK(error_of([&] { store.remove_image(image, "localhost/a:2", used, Force::no); }).find("0123456789ab") != std::string::npos);
    CHECK(store.find_by_reference("localhost/a:2"));

    removed = store.remove_image(image, "localhost/a:2", used, Force::yes);
    CHECK(removed.deleted == image.id);
    CHECK(store.images().empty());
    CHECK_FALSE(store.find_by_reference("localhost/a:2"));
    CHECK_THROWS_AS(store.remove_image(image, "", none, Force::no), Error);
}

TEST_CASE("tag and untag change names and nothing else") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto image = store.add_image(make_image({add_layer(temp, "a")}, {"localhost/a:1"}));
    store.tag(image, "localhost/b/c:2");
    CHECK(store.find_by_reference("localhost/b/c:2")->id == image.id);
    CHECK(store.untag("localhost/a:1"));
    CHECK_FALSE(store.untag("localhost/a:1"));
    CHECK(store.untag("localhost/b/c:2"));
    CHECK(store.find_by_id(image.id)->names.empty());
}

TEST_CASE("a layer is trusted when it is synced or of this boot, and only with its owners on disk") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto fresh = add_layer(temp, "fresh", false);
    const auto old_synced = add_layer(temp, "old synced", true, "another boot");
    const auto old_unsynced = add_layer(temp, "old unsynced", false, "another boot");
    CHECK(store.has_layer(fresh, IdMode::subordinate));
    CHECK(store.has_layer(old_synced, IdMode::subordinate));
    CHECK_FALSE(store.has_layer(old_unsynced, IdMode::subordinate));

    const auto image = store.add_image(make_image({old_synced, old_unsynced}, {"localhost/a:1"}));
    CHECK(store.missing_layers(image, IdMode::subordinate) == std::vector<std::string>{old_unsynced});
    const std::string text = error_of([&] { store.open_layers(image, IdMode::subordinate); });
    CHECK(text.find("ctl pull localhost/a:1") != std::string::npos);
    CHECK(files::list(AT_FDCWD, temp.path("leases")).empty());
}

TEST_CASE("a layer whose meta.json a power cut has emptied counts as absent, and one that a newer ctl wrote does not") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    for (const std::string& content : {std::string(), std::string(200, '\0'), std::string("{\"version\": 1, \"diff")}) {
        const auto layer = add_layer(temp, "layer", true, "another boot");
        files::write_atomic(AT_FDCWD, temp.path(cat("layers/", storage::digest_hex(layer), "/meta.json")), content, 0600, files::Durability::none);
        CHECK_FALSE(store.has_layer(layer, IdMode::subordinate));
        CHECK_FALSE(store.find_layer(layer));
    }
    const auto newer = add_layer(temp, "newer");
    files::write_atomic(AT_FDCWD, temp.path(cat("layers/", storage::digest_hex(newer), "/meta.json")), "{\"version\": 2}", 0600,
                        files::Durability::none);
    CHECK(error_of([&] { store.has_layer(newer, IdMode::subordinate); }).find("newer ctl") != std::string::npos);
}

TEST_CASE("a record of an image that the disk has lost concerns that image alone, and adding it again mends it") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto layer = add_layer(temp, "layer");
    const auto image = make_image({layer}, {"localhost/a:1"});
    store.add_image(image);
    store.add_image(make_image({layer}, {"localhost/b:1"}, "{\"other\":1}"));
    const std::string record = cat("images/", storage::digest_hex(image.manifest_digest), "/image.json");
    files::write_atomic(AT_FDCWD, temp.path(record), "", 0600, files::Durability::none);

    CHECK(store.images().size() == 1);
    CHECK_FALSE(store.find_by_reference("localhost/a:1"));
    CHECK(store.find_by_reference("localhost/b:1"));
    CHECK(store.damaged_records() == std::vector<std::string>{record});
    store.add_image(image);
    CHECK(store.find_by_reference("localhost/a:1"));

    files::write_atomic(AT_FDCWD, temp.path(record), std::string(300, '\0'), 0600, files::Durability::none);
    CHECK(store.collect_garbage().leftovers == 2); // the record and its name
    CHECK(store.damaged_records().empty());
    CHECK(files::list(AT_FDCWD, temp.path("refs")).size() == 1);
    CHECK(store.has_layer(layer, IdMode::subordinate));
}

TEST_CASE("layers are opened topmost first, and leased while they are") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto bottom = add_layer(temp, "bottom"), top = add_layer(temp, "top");
    files::write_atomic(AT_FDCWD, temp.path("layers/" + storage::digest_hex(top) + "/fs/mark"), "", 0600, files::Durability::none);
    const auto image = store.add_image(make_image({bottom, top}, {"localhost/a:1"}));
    {
        auto open = store.open_layers(image, IdMode::subordinate);
        REQUIRE(open.fs.size() == 2);
        CHECK(sys::find_stat_at(open.fs[0].get(), "mark"));
        CHECK_FALSE(sys::find_stat_at(open.fs[1].get(), "mark"));
        store.remove_image(image, "localhost/a:1", {}, Force::no);
        const storage::Lease moved = std::move(open.lease);
        CHECK(store.collect_garbage().layers == 0);
    }
    CHECK(store.collect_garbage().layers == 2);
    CHECK_FALSE(store.find_layer(bottom));
}

TEST_CASE("garbage collection keeps what images and containers reach, and takes the rest") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto shared = add_layer(temp, "shared"), lonely = add_layer(temp, "lonely"), contained = add_layer(temp, "contained");
    const auto kept = store.add_image(make_image({shared}, {"localhost/kept:1"}, "{\"n\":1}"));
    const auto gone = store.add_image(make_image({shared, lonely}, {"localhost/gone:1"}, "{\"n\":2}"));
    sys::ensure_dir(temp.path("containers/abc"), 0700);
    files::write_atomic(AT_FDCWD, temp.path("containers/abc/record.json"), "{\"image_diff_ids\":[\"" + contained + "\"]}", 0600, files::Durability::none);
    CHECK(store.collect_garbage().layers == 0);
    store.remove_image(gone, "localhost/gone:1", {}, Force::no);
    const auto garbage = store.collect_garbage();
    CHECK(garbage.layers == 1);
    CHECK(garbage.blobs == 2);
    CHECK(store.find_layer(shared));
    CHECK(store.find_layer(contained));
    CHECK_FALSE(store.find_layer(lonely));
    CHECK(store.find_by_reference("localhost/kept:1")->config_json == kept.config_json);
    CHECK_FALSE(files::list(AT_FDCWD, temp.path("trash")).empty());
    store.empty_trash();
    CHECK(files::list(AT_FDCWD, temp.path("trash")).empty());
}

TEST_CASE("a tree goes when one of its layers is gone, and not before") {
    TempStore temp;
    const storage::IdShift ids{{{::getuid(), ::getuid(), 1}}, {{::getgid(), ::getgid(), 1}}};
    auto store = temp.store();
    store.ensure();
    const auto kept_layer = add_layer(temp, "kept"), gone = add_layer(temp, "gone");
    store.add_image(make_image({kept_layer}, {"localhost/kept:1"}, "{\"n\":1}"));
    const auto image = store.add_image(make_image({kept_layer, gone}, {"localhost/gone:1"}, "{\"n\":2}"));
    const storage::LayerStack stays{temp.paths().data, {storage::digest_hex(kept_layer)}};
    const storage::LayerStack goes{temp.paths().data, {storage::digest_hex(gone), storage::digest_hex(kept_layer)}};
    for (const auto& stack : {stays, goes}) storage::make_shifted(stack, ids);
    store.collect_garbage();
    CHECK(storage::find_shifted(goes, ids));
    store.remove_image(image, "localhost/gone:1", {}, storage::Force::no);
    store.collect_garbage();
    CHECK(storage::find_shifted(stays, ids));
    CHECK_FALSE(storage::find_shifted(goes, ids));
}

TEST_CASE("what a container with an unreadable record needs is unknown, so no layer is collected") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const auto layer = add_layer(temp, "a");
    sys::ensure_dir(temp.path("containers/abc"), 0700);
    files::write_atomic(AT_FDCWD, temp.path("containers/abc/record.json"), "{\"image_diff_ids\":", 0600, files::Durability::none);
    CHECK(store.collect_garbage().layers == 0);
    CHECK(store.find_layer(layer));
}

TEST_CASE("the lease of a killed process protects nothing any more") {
    TempStore temp;
    auto store = temp.store();
    store.ensure();
    const std::vector<std::string> layers{add_layer(temp, "a")};
    Pipe ready = sys::pipe();
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lease = store.lease_layers(layers);
        sys::write_all(ready.write.get(), "x", "pipe");
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    REQUIRE(sys::read_some(ready.read.get(), std::as_writable_bytes(std::span(&byte, 1)), "pipe") == 1);
    CHECK(store.collect_garbage().layers == 0);
    ::kill(child, SIGKILL);
    sys::wait_child(child);
    const auto garbage = store.collect_garbage();
    CHECK(garbage.layers == 1);
    CHECK(garbage.leftovers == 1);
}
