// Publishing: several processes, killed ones, and archives made by tar programs.
#include "storage/layer_index.h"
#include "storage/rebuild.h"
#include "storage/unpack.h"
#include "support.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

using namespace support;

namespace {

std::string sample_tar() {
    Tar tar;
    for (int i = 0; i < 200; ++i) tar.file(cat("dir", i % 7, "/file", i), noise(20000, static_cast<std::uint32_t>(i)));
    return tar.end();
}

/// Delivers half of its bytes, says so, and then waits for `go` to be closed (or for ever).
class HaltingSource : public storage::ByteSource {
public:
    HaltingSource(std::string bytes, int halfway, int go) : bytes_(std::move(bytes)), source_(bytes_, 4096), halfway_(halfway), go_(go) {}
    std::size_t read(std::span<std::byte> into) override {
        if (read_ > bytes_.size() / 2 && halfway_ >= 0) {
            sys::write_all(std::exchange(halfway_, -1), "x", "pipe");
            char byte = 0;
            sys::read_some(go_, std::as_writable_bytes(std::span(&byte, 1)), "pipe");
        }
        const std::size_t count = source_.read(into);
        read_ += count;
        return count;
    }

private:
    std::string bytes_;
    StringSource source_;
    std::size_t read_ = 0;
    int halfway_;
    int go_;
};

class FailingSource : public storage::ByteSource {
public:
    std::size_t read(std::span<std::byte>) override { throw Error("the network is gone"); }
};

bool wait_for_byte(int fd) {
    char byte = 0;
    return sys::read_some(fd, std::as_writable_bytes(std::span(&byte, 1)), "pipe") == 1;
}

pid_t start_in_userns(const std::function<void()>& body) {
    return rootless::fork_in_userns(rootless::load_id_maps(Paths::detect(), rootless::IdPolicy::subordinate), [&] {
        body();
        return 0;
    });
}

} // namespace

TEST_CASE("a published layer is there, durable after finish_durability, and is not unpacked twice") {
    if (!have_userns()) return;
    TempStore temp;
    in_userns([&] {
        auto store = temp.store();
        const std::string tar = sample_tar();
        const std::string diff_id = storage::sha256_digest(tar);
        std::uint64_t progress = 0;
        storage::UnpackOptions options;
        options.on_progress = [&](std::uint64_t bytes) { progress = bytes; };
        StringSource source(zstd(tar));
        const auto info = storage::publish_layer(store, source, diff_id, options);
        REQUIRE_THERE(info.diff_id == diff_id && info.size == 200 * 20000 && info.entries == 207);
        REQUIRE_THERE(progress > 200 * 20000);
        REQUIRE_THERE(storage::have_layer(store, diff_id, {}));
        REQUIRE_THERE(files::list(AT_FDCWD, store.path("layers")).size() == 1);
        const std::string layer = store.path("layers/" + storage::digest_hex(diff_id));
        REQUIRE_THERE(!sys::find_stat_at(AT_FDCWD, layer + "/synced"));
        storage::finish_durability(store, {diff_id});
        REQUIRE_THERE(sys::find_stat_at(AT_FDCWD, layer + "/synced"));
        FailingSource never;
        REQUIRE_THERE(storage::publish_layer(store, never, diff_id, {}).entries == 207);
        REQUIRE_THERE(!storage::LayerClaim::acquire(store, diff_id, {}));
    });
}

TEST_CASE("content that is not the diff-id, or fails to arrive, leaves nothing") {
    if (!have_userns()) return;
    TempStore temp;
    in_userns([&] {
        auto store = temp.store();
        StringSource source(gzip(sample_tar()));
        const std::string wrong = storage::sha256_digest("something else");
        REQUIRE_THERE(error_of([&] { storage::publish_layer(store, source, wrong, {}); }).find("digest") != std::string::npos);
        FailingSource failing;
        REQUIRE_THERE(error_of([&] { storage::publish_layer(store, failing, wrong, {}); }).find("network is gone") != std::string::npos);
        REQUIRE_THERE(!store.find_layer(wrong));
        REQUIRE_THERE(files::list(AT_FDCWD, store.path("layers")).empty());
    });
}

TEST_CASE("an untrusted layer and one without owners are made again") {
    if (!have_userns()) return;
    TempStore temp;
    const std::string tar = Tar().add('0', "f", {.uid = 5, .content = "x"}).end();
    in_userns([&] {
        storage::UnpackOptions single;
        single.single_id = true;
        const auto store = temp.store();
        const std::string diff_id = publish(store, tar, single);
        const std::string file = store.path("layers/" + storage::digest_hex(diff_id) + "/fs/f");
        REQUIRE_THERE(storage::have_layer(store, diff_id, single) && !storage::have_layer(store, diff_id, {}));
        publish(store, tar);
        REQUIRE_THERE(sys::lstat_at(AT_FDCWD, file).st_uid == 5);
        REQUIRE_THERE(storage::have_layer(store, diff_id, single) && storage::have_layer(store, diff_id, {}));

        Paths after_reboot = temp.paths();
        after_reboot.boot_id = "the next boot";
        const storage::Store later(after_reboot);
        REQUIRE_THERE(!storage::have_layer(later, diff_id, {}));
        publish(later, tar);
        REQUIRE_THERE(storage::have_layer(later, diff_id, {}));
    });
}

TEST_CASE("two processes that want one layer share the work, and both have it") {
    if (!have_userns()) return;
    TempStore temp;
    const std::string tar = sample_tar(), compressed = gzip(tar);
    const std::string diff_id = storage::sha256_digest(tar);
    Pipe halfway = sys::pipe(), go = sys::pipe(), waiting = sys::pipe();
    const pid_t first = start_in_userns([&] {
        go.write.reset();
        auto store = temp.store();
        HaltingSource source(compressed, halfway.write.get(), go.read.get());
        storage::publish_layer(store, source, diff_id, {});
    });
    REQUIRE(wait_for_byte(halfway.read.get()));
    const pid_t second = start_in_userns([&] {
        go.write.reset();
        auto store = temp.store();
        FailingSource never; // reading it would fail: the second one has to share
        storage::UnpackOptions options;
        options.on_wait = [&](const std::string& sentence) { sys::write_all(waiting.write.get(), sentence.substr(0, 1), "pipe"); };
        storage::publish_layer(store, never, diff_id, options);
    });
    REQUIRE(wait_for_byte(waiting.read.get())); // it says that it waits
    CHECK_FALSE(temp.store().find_layer(diff_id));
    go.write.reset();
    CHECK(sys::wait_child(first) == 0);
    CHECK(sys::wait_child(second) == 0);
    CHECK(temp.store().has_layer(diff_id, storage::IdMode::subordinate));
    CHECK(files::list(AT_FDCWD, temp.path("layers")).size() == 1);
}

TEST_CASE("a publisher killed in the middle leaves nothing visible, and the next one succeeds") {
    if (!have_userns()) return;
    TempStore temp;
    const std::string tar = sample_tar(), compressed = gzip(tar);
    const std::string diff_id = storage::sha256_digest(tar);
    Pipe halfway = sys::pipe(), go = sys::pipe();
    const pid_t child = start_in_userns([&] {
        auto store = temp.store();
        HaltingSource source(compressed, halfway.write.get(), go.read.get());
        storage::publish_layer(store, source, diff_id, {});
    });
    REQUIRE(wait_for_byte(halfway.read.get()));
    CHECK(temp.store().collect_garbage().leftovers == 0); // it is alive: its workshop stays
    ::kill(child, SIGKILL);
    sys::wait_child(child);
    auto store = temp.store();
    CHECK_FALSE(store.find_layer(diff_id));
    CHECK_FALSE(store.has_layer(diff_id, storage::IdMode::subordinate));
    CHECK(store.collect_garbage().leftovers == 2); // the workshop and the claim's lock file
    CHECK(files::list(AT_FDCWD, temp.path("layers")).empty());
    in_userns([&] {
        auto again = temp.store();
        StringSource source(compressed);
        storage::publish_layer(again, source, diff_id, {});
        REQUIRE_THERE(storage::have_layer(again, diff_id, {}));
        again.empty_trash();
        REQUIRE_THERE(files::list(AT_FDCWD, again.path("trash")).empty());
    });
}

TEST_CASE("archives of tar programs are rebuilt byte for byte") {
    if (!have_userns()) return;
    TempStore temp;
    const std::string tree = temp.dir() + "/tree", long_name(180, 'n');
    sys::ensure_dir(tree + "/" + long_name + "/" + long_name, 0755);
    const auto write = [&](const std::string& name, std::string_view text) {
        sys::write_all(sys::open(tree + "/" + name, O_WRONLY | O_CREAT, 0644).get(), text, name);
    };
    write(long_name + "/" + long_name + "/file", "deep");
    write("größe-日本", "umlaut");
    write("plain", noise(1500000));
    REQUIRE(::link((tree + "/plain").c_str(), (tree + "/zlinked").c_str()) == 0);
    sys::symlink_at(long_name + "/" + long_name, AT_FDCWD, tree + "/symlink");
    {
        const UniqueFd sparse = sys::open(tree + "/sparse", O_WRONLY | O_CREAT, 0644);
        for (int i = 0; i < 12; ++i)
            REQUIRE(::pwrite(sparse.get(), "data", 4, (off_t{i} << 20) + 4096) == 4);
        REQUIRE(::ftruncate(sparse.get(), 20 << 20) == 0);
    }
    for (const std::string format : {"--format=gnu -S", "--format=pax -S --sparse-version=1.0", "--format=pax -S --sparse-version=0.1",
                                      "--format=pax -S --sparse-version=0.0", "--format=pax --xattrs", "--format=gnu -b 1"}) {
        CAPTURE(format);
        const std::string archive = temp.dir() + "/tree.tar";
        REQUIRE(std::system(cat("tar -C ", tree, " ", format, " -cf ", archive, " .").c_str()) == 0);
        const std::string tar = files::read(archive, 64 << 20);
        in_userns([&] {
            const auto store = temp.store();
            const std::string diff_id = publish(store, tar);
            const std::string layer = store.path("layers/" + storage::digest_hex(diff_id));
            storage::Sha256 sha;
            sha.update(read_all(*storage::open_layer_tar(store, diff_id)));
            REQUIRE_THERE(sha.finish_digest() == diff_id);
            REQUIRE_THERE(storage::load_index(layer).stream_length < 20000); // contents are in the files, not here
            REQUIRE_THERE(files::read(layer + "/fs/größe-日本") == "umlaut");
            REQUIRE_THERE(files::read(layer + "/fs/symlink/file") == "deep");
            REQUIRE_THERE(files::read(layer + "/fs/zlinked") == noise(1500000));
            REQUIRE_THERE(files::read(layer + "/fs/sparse", 64 << 20) == files::read(tree + "/sparse", 64 << 20));
            if (format.find("-S") != std::string::npos)
                REQUIRE_THERE(sys::lstat_at(AT_FDCWD, layer + "/fs/sparse").st_blocks < 2048); // still has its holes
        });
    }
}

TEST_CASE("a rebuilt tar notices files that were cut") {
    if (!have_userns()) return;
    TempStore temp;
    in_userns([&] {
        const auto store = temp.store();
        const std::string diff_id = publish(store, Tar().file("f", noise(5000)).end());
        require(::truncate(store.path("layers/" + storage::digest_hex(diff_id) + "/fs/f").c_str(), 10) == 0, "truncate");
        REQUIRE_THERE(error_of([&] { read_all(*storage::open_layer_tar(store, diff_id)); }).find("shorter") != std::string::npos);
    });
}
