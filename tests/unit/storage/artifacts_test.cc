#include "storage/artifacts.h"

#include "support.h"

using namespace support;
using storage::Artifact;
using storage::Artifacts;
using storage::Replace;

namespace {

/// An artifact of one file, whose blobs are all there.
Artifact make(Artifacts& artifacts, const std::string& name, const std::string& content) {
    Artifact artifact{name, storage::sha256_digest("manifest of " + content), {storage::sha256_digest("{}"), storage::sha256_digest(content)}, 1, {}, {}};
    artifacts.publish_text(artifact.manifest_digest, "manifest of " + content);
    artifacts.publish_text(artifact.blobs[0], "{}");
    artifacts.publish_text(artifact.blobs[1], content);
    return artifact;
}

std::size_t count_blobs(const TempStore& temp) { return files::list(AT_FDCWD, temp.path("artifacts/blobs")).size(); }

} // namespace

TEST_CASE("artifacts: a store without any is empty, and looking does not make it") {
    TempStore temp;
    const auto store = temp.store();
    const Artifacts artifacts(store);
    CHECK(artifacts.list().empty());
    CHECK_FALSE(artifacts.find("localhost/a:1"));
    CHECK(files::list(AT_FDCWD, temp.paths().data).empty());
}

TEST_CASE("artifacts: by names with a tag or a digest, and by nothing else") {
    TempStore temp;
    const auto store = temp.store();
    Artifacts artifacts(store);
    artifacts.ensure();
    const Artifact made = make(artifacts, "host:5000/a/b:1", "x");
    artifacts.put(artifacts.lock_names(), made, Replace::no);
    Artifact other = made;
    other.name = "host:5000/a/b@" + made.manifest_digest;
    artifacts.put(artifacts.lock_names(), other, Replace::no);
    CHECK(artifacts.list().size() == 2);
    const auto found = artifacts.find(other.name);
    REQUIRE(found);
    CHECK(found->name == other.name);
    CHECK(found->manifest_json == "manifest of x");
    CHECK(found->blobs == made.blobs);
    CHECK(error_of([&] { artifacts.put(artifacts.lock_names(), made, Replace::no); }).find("is there already") != std::string::npos);
    artifacts.put(artifacts.lock_names(), made, Replace::yes);
    for (const char* bad : {"", "a", "host/a", "../x:1", "host/a@sha256:../../x", "host/a%b:1"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS((void)artifacts.find(bad), Error);
    }
    CHECK_THROWS_AS((void)artifacts.find("host/" + std::string(240, 'a') + ":1"), Error);
    Artifact incomplete = made;
    incomplete.blobs.push_back(storage::sha256_digest("nowhere"));
    CHECK(error_of([&] { artifacts.put(artifacts.lock_names(), incomplete, Replace::yes); }).find("is not in the store") != std::string::npos);
}

TEST_CASE("artifacts: collection takes what no name and no lease needs, and nothing where a record cannot be read") {
    TempStore temp;
    auto store = temp.store();
    Artifacts artifacts(store);
    artifacts.ensure();
    const Artifact kept = make(artifacts, "host/kept:1", "kept");
    artifacts.put(artifacts.lock_names(), kept, Replace::no);
    const Artifact gone = make(artifacts, "host/gone:1", "gone");
    artifacts.put(artifacts.lock_names(), gone, Replace::no);
    CHECK(store.collect_garbage().blobs == 0);
    CHECK(artifacts.remove(gone.name));
    CHECK_FALSE(artifacts.remove(gone.name));
    {
        const storage::Lease lease = artifacts.lease(gone.blobs[1]);
        CHECK(store.collect_garbage(storage::Sweep::look).blobs == 1);
        CHECK(store.collect_garbage().blobs == 1); // the manifest
        CHECK(artifacts.has_blob(gone.blobs[1]));
    }
    const std::string record = temp.path("artifacts/names/host%broken:1.json");
    files::write_atomic(AT_FDCWD, record, R"({"version": 2})", 0600, files::Durability::none);
    CHECK(store.collect_garbage().blobs == 0);
    CHECK(error_of([&] { (void)artifacts.list(); }).find("written by a newer ctl") != std::string::npos);
    sys::unlink_at(AT_FDCWD, record);
    files::write_atomic(AT_FDCWD, record + ".tmp-012345", "{", 0600, files::Durability::none); // a writer that was killed
    const storage::Garbage garbage = store.collect_garbage();
    CHECK(garbage.blobs == 1);
    CHECK(garbage.leftovers == 1);
    CHECK(count_blobs(temp) == 3);
    CHECK(artifacts.find(kept.name)->manifest_json == "manifest of kept");
}
