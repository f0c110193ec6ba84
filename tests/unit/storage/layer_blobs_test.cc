#include "storage/layer_blobs.h"

#include "support.h"

using namespace support;
using storage::LayerBlob;

namespace {

std::string digest(int number) { return storage::sha256_digest(std::to_string(number)); }

} // namespace

TEST_CASE("blobs of a layer are remembered, the last one first, each once, with their places") {
    TempStore temp;
    const storage::Store store(temp.paths());
    const std::string layer = digest(0);
    storage::remember_layer_blob(store, layer, {digest(1), 10, "gzip", {"a/x"}}); // no such layer
    CHECK(storage::load_layer_blobs(store, layer).empty());
    const std::string dir = temp.path("layers/" + storage::digest_hex(layer));
    sys::ensure_dir(dir, 0755);
    files::write_atomic(AT_FDCWD, dir + "/meta.json", "{}", 0600, files::Durability::none);

    storage::remember_layer_blob(store, layer, {digest(1), 10, "gzip", {"a/x"}});
    storage::remember_layer_blob(store, layer, {digest(2), 20, "zstd", {"a/x"}});
    storage::remember_layer_blob(store, layer, {digest(1), 10, "gzip", {"b/y"}});
    const auto blobs = storage::load_layer_blobs(store, layer);
    REQUIRE(blobs.size() == 2);
    CHECK(blobs[0].digest == digest(1));
    CHECK(blobs[0].places == std::vector<std::string>{"b/y", "a/x"});
    CHECK(blobs[1].packing == "zstd");
    CHECK(blobs[1].size == 20);

    for (int i = 10; i < 40; ++i) storage::remember_layer_blob(store, layer, {digest(i), 1, "gzip", {"a/x"}});
    CHECK(storage::load_layer_blobs(store, layer).size() == 16);
    CHECK(storage::load_layer_blobs(store, layer)[0].digest == digest(39));

    files::write_atomic(AT_FDCWD, dir + "/blobs.json", R"({"blobs": [{"digest": "sha256:../x"}]})", 0600, files::Durability::none);
    CHECK(storage::load_layer_blobs(store, layer).empty());
}

TEST_CASE("what is known of a layer's blobs outlives the layer") {
    TempStore temp;
    storage::Store store(temp.paths());
    store.ensure();
    const std::string layer = digest(0), dir = temp.path("layers/" + storage::digest_hex(layer));
    const auto make_layer = [&] {
        sys::ensure_dir(dir, 0755);
        files::write_atomic(AT_FDCWD, dir + "/meta.json", "{}", 0600, files::Durability::none);
    };
    make_layer();
    storage::remember_layer_blob(store, layer, {digest(1), 10, "gzip", {"a/x"}});
    CHECK(store.collect_garbage().layers == 1);
    REQUIRE(storage::load_layer_blobs(store, layer).size() == 1);
    CHECK(storage::load_layer_blobs(store, layer)[0].digest == digest(1));

    make_layer(); // it comes back, by a load
    storage::remember_layer_blob(store, layer, {digest(2), 20, "zstd", {"b/y"}});
    const auto blobs = storage::load_layer_blobs(store, layer);
    REQUIRE(blobs.size() == 2);
    CHECK(blobs[0].digest == digest(2));
    CHECK(blobs[1].places == std::vector<std::string>{"a/x"});
}
