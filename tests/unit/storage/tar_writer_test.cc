// Tar headers and trees as archives, read back by libarchive.
#include "storage/tar_reader.h"
#include "storage/tar_writer.h"
#include "storage/tree_tar.h"
#include "tests/unit/storage/support.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

using storage::EntryType;
using storage::TarEntry;

namespace {

class Bytes : public storage::TarInput {
public:
    explicit Bytes(std::string text) : text_(std::move(text)) {}
    std::span<const std::byte> pull() override { return std::as_bytes(std::span(std::exchange(done_, true) ? std::string_view() : std::string_view(text_))); }
    std::uint64_t pulled() const noexcept override { return done_ ? text_.size() : 0; }
    void keep_until(std::uint64_t) override {}

private:
    std::string text_;
    bool done_ = false;
};

TarEntry read_back(const TarEntry& entry, const std::string& content = "") {
    std::string tar = storage::tar_header(entry) + content;
    tar.append(storage::tar_padding(content.size()), '\0');
    Bytes bytes(tar + storage::tar_end());
    storage::TarReader reader(bytes);
    const auto first = reader.next();
    REQUIRE(first);
    return *first;
}

std::string archive_of(const std::string& dir, storage::TreeTarOptions options = {}) {
    storage::TreeTar tar(sys::open(dir, O_PATH), std::move(options));
    std::string text;
    std::byte buffer[1000]; // odd on purpose
    while (const std::size_t n = tar.read(buffer)) text.append(reinterpret_cast<const char*>(buffer), n);
    return text;
}

/// name → content, in the order of the archive.
std::vector<std::pair<std::string, std::string>> entries_of(const std::string& archive) {
    Bytes bytes(archive);
    storage::TarReader reader(bytes);
    std::vector<std::pair<std::string, std::string>> found;
    while (const auto entry = reader.next()) {
        std::string content(entry->type == EntryType::file ? entry->size : 0, '\0');
        if (entry->type == EntryType::file)
            while (const auto block = reader.next_block())
                content.replace(block->offset, block->bytes.size(), reinterpret_cast<const char*>(block->bytes.data()), block->bytes.size());
        else if (!entry->link_target.empty()) content = "-> " + entry->link_target;
        found.emplace_back(entry->path, content);
    }
    return found;
}

struct Folder {
    Folder() : path(std::string("/tmp/tree_tar.XXXXXX")) { REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~Folder() { files::remove_tree(AT_FDCWD, path); }
    void write(const std::string& name, const std::string& text) const {
        sys::write_all(sys::open(path + "/" + name, O_WRONLY | O_CREAT, 0644).get(), text, name);
    }
    std::string path;
};

} // namespace

TEST_CASE("an entry comes back as it was written") {
    TarEntry entry;
    entry.path = "dir/file";
    entry.mode = 04751;
    entry.uid = 1000;
    entry.gid = 65534;
    entry.mtime = 1234567890;
    entry.size = 5;
    entry.xattrs = {{"user.note", std::string("a\0b", 3)}};
    const TarEntry back = read_back(entry, "hello");
    CHECK(back.path == entry.path);
    CHECK(back.mode == entry.mode);
    CHECK(back.uid == entry.uid);
    CHECK(back.gid == entry.gid);
    CHECK(back.mtime == entry.mtime);
    CHECK(back.size == entry.size);
    CHECK(back.xattrs == entry.xattrs);
}

TEST_CASE("what does not fit the old header travels in records") {
    TarEntry entry;
    entry.type = EntryType::symlink;
    entry.path = std::string(300, 'n') + "/\xc3\xa9";
    entry.link_target = std::string(150, 't');
    entry.uid = 3000000000;
    entry.gid = 2097152;
    entry.mtime = -5;
    const TarEntry back = read_back(entry);
    CHECK(back.path == entry.path);
    CHECK(back.link_target == entry.link_target);
    CHECK(back.uid == entry.uid);
    CHECK(back.gid == entry.gid);
    CHECK(back.mtime == -5);
}

TEST_CASE("long names that are no UTF-8 survive") {
    TarEntry entry;
    entry.path = std::string(200, 'x') + "\xff\xfe";
    CHECK(read_back(entry).path == entry.path);
}

TEST_CASE("names at the edge of the old header's field") {
    for (const std::size_t length : {99U, 100U, 101U}) {
        TarEntry entry;
        entry.path = std::string(length, 'p');
        CHECK(read_back(entry).path == entry.path);
        entry.type = EntryType::directory;
        CHECK(read_back(entry).path == entry.path + "/");
    }
}

TEST_CASE("a tree is written parents first, with links and content") {
    const Folder folder;
    sys::mkdir_at(AT_FDCWD, folder.path + "/b", 0755);
    folder.write("a", "alpha");
    folder.write("b/c", std::string(2000, 'c'));
    sys::symlink_at("../a", AT_FDCWD, folder.path + "/b/l");
    REQUIRE(::link((folder.path + "/a").c_str(), (folder.path + "/z").c_str()) == 0);
    storage::TreeTarOptions named;
    named.name = "top";
    CHECK(entries_of(archive_of(folder.path, named)) == std::vector<std::pair<std::string, std::string>>{
        {"top/", ""}, {"top/a", "alpha"}, {"top/b/", ""}, {"top/b/c", std::string(2000, 'c')}, {"top/b/l", "-> ../a"}, {"top/z", "-> top/a"}});
    CHECK(entries_of(archive_of(folder.path)).front().first == "a");
}

TEST_CASE("holes are not stored") {
    const Folder folder;
    const UniqueFd file = sys::open(folder.path + "/sparse", O_WRONLY | O_CREAT, 0644);
    constexpr off_t size = 20 << 20;
    REQUIRE(::ftruncate(file.get(), size) == 0);
    REQUIRE(::pwrite(file.get(), "middle", 6, size / 2) == 6);
    const std::string archive = archive_of(folder.path);
    CHECK(archive.size() < 100000);
    const auto entries = entries_of(archive);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].first == "sparse");
    CHECK(entries[0].second.size() == size);
    CHECK(entries[0].second.substr(size / 2, 6) == "middle");
}

TEST_CASE("whiteouts and opaque marks become the image's names for them") {
    if (!support::have_userns()) return;
    const Folder folder;
    sys::mkdir_at(AT_FDCWD, folder.path + "/d", 0755);
    folder.write("d/new", "");
    sys::mkdir_at(AT_FDCWD, folder.path + "/mnt", 0755);
    REQUIRE(::setxattr((folder.path + "/d").c_str(), "user.overlay.opaque", "y", 1, 0) == 0);
    support::in_userns([&] {
        if (::mknod((folder.path + "/gone").c_str(), S_IFCHR | 0600, 0) != 0) throw SysError{errno, "mknod"};
        storage::TreeTarOptions upper;
        upper.kind = storage::TreeKind::upper;
        upper.mount_points = {"mnt"};
        const auto entries = entries_of(archive_of(folder.path, upper));
        std::string names;
        for (const auto& [name, content] : entries) names += name + " ";
        support::require(names == "d/ d/.wh..wh..opq d/new .wh.gone ", names);
    });
}
